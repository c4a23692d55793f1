#include "storage/postgres_migrate.hpp"

#include <fmt/format.h>

#include "storage/postgres_connection.hpp"

namespace xinyi::storage {
namespace {

constexpr std::int64_t kSchemaLock = 0x78696e7969;  // "xinyi"; schools' locks are hashes of 16 bytes

// During a step its owner sees all schools; afterwards every table of a school shows one school only, to its owner too.
constexpr const char* kOpen = R"(
DO $$
DECLARE t record;
BEGIN
  FOR t IN SELECT c.relname FROM pg_class c
           WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND c.relforcerowsecurity
  LOOP
    EXECUTE format('ALTER TABLE %I NO FORCE ROW LEVEL SECURITY', t.relname);
  END LOOP;
END $$;)";

constexpr const char* kClose = R"(
DO $$
DECLARE
  t record;
  app text := current_setting('xinyi.application_role');
  mine text := 'school_id = decode(current_setting(''xinyi.school'', true), ''hex'')';
BEGIN
  FOR t IN SELECT c.oid, c.relname,
                  EXISTS (SELECT 1 FROM pg_attribute a
                          WHERE a.attrelid = c.oid AND a.attname = 'school_id' AND NOT a.attisdropped) AS of_school
           FROM pg_class c
           WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
             AND pg_has_role(current_user, c.relowner, 'USAGE')
  LOOP
    IF t.relname = 'schema_migrations' THEN
      EXECUTE format('GRANT SELECT ON %I TO %I', t.relname, app);
      CONTINUE;
    END IF;
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO %I', t.relname, app);
    IF t.of_school THEN
      EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t.relname);
      EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t.relname);
      IF NOT EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = t.oid AND p.polname = 'school') THEN
        EXECUTE format('CREATE POLICY school ON %I USING (%s) WITH CHECK (%s)', t.relname, mine, mine);
      END IF;
    END IF;
  END LOOP;
  EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), app);
END $$;)";

std::string role_of(PgConnection& c) {
  const auto row = c.run("SELECT current_user::text");
  row->step();
  return std::string(row->text(0));
}

/// Isolation and rights for all tables there are, then the end of the transaction.
void close(PgConnection& c, const std::string& role) {
  const std::array<Param, 1> app{to_param(role)};
  c.run("SELECT set_config('xinyi.application_role', ?1, true)", app);
  c.script(kClose);
  std::string tag;
  c.run("COMMIT", {}, nullptr, &tag);
  invariant(tag == "COMMIT", "the schema was not committed");
}

void apply(PgConnection& c, const Migration& m, const std::string& role) {
  c.script("BEGIN");
  c.script(kOpen);
  c.script(postgres_schema(m.sql));
  invariant(c.in_transaction(), "a schema step ended its transaction");
  const std::array<Param, 2> row{to_param(m.name), to_param(m.sql)};
  c.run("INSERT INTO schema_migrations (name, text) VALUES (?1, ?2)", row);
  close(c, role);
}

}  // namespace

void migrate_postgres(const PostgresOptions& options, std::span<const Migration> migrations) {
  if (options.owner_url.empty()) {
    throw OperatorError("The schema can only be changed with the owner's address: give it with --database-owner.");
  }
  const Migration* at = nullptr;
  try {
    PgConnection app(options.url, PgConnection::Use::read);
    PgConnection c(options.owner_url, PgConnection::Use::owner);
    const auto role = role_of(app);
    if (role == role_of(c)) {
      throw OperatorError(
          "The application and the owner of the schema must be two roles of the database: the application's "
          "role owns nothing, so that it cannot take the schools' isolation away.");
    }
    const std::array<Param, 1> lock{to_param(kSchemaLock)};
    c.run("SELECT pg_advisory_lock(?1)", lock);  // until the connection ends: two servers may start at once
    const auto table = c.run(
        "SELECT 1 FROM pg_class WHERE relname = 'schema_migrations' AND relnamespace = "
        "current_schema()::regnamespace");
    if (!table->step()) {
      c.script("BEGIN");
      c.script("CREATE TABLE schema_migrations (name TEXT COLLATE \"C\" PRIMARY KEY, text TEXT NOT NULL)");
      close(c, role);
    }
    std::map<std::string, std::string> applied;
    const auto rows = c.run("SELECT name, text FROM schema_migrations");
    while (rows->step()) applied.emplace(rows->text(0), rows->text(1));
    for (const auto* m : missing_steps(applied, migrations)) {
      at = m;
      apply(c, *m, role);
    }
  } catch (const PgError& e) {
    if (!at) throw OperatorError(fmt::format("The database server cannot be used ({}). Check its address.", e.message));
    throw OperatorError(fmt::format("The schema step {} could not be applied ({} {}); nothing of it was kept.",
                                    at->name, e.state, e.message));
  }
}

}  // namespace xinyi::storage
