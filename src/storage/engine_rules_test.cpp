#include "storage/engine_rules.hpp"

#include <gtest/gtest.h>

namespace xinyi::storage {
namespace {

TEST(PostgresQuery, NumbersParametersOnlyWhereTheyAreParameters) {
  EXPECT_EQ(postgres_query("SELECT a FROM t WHERE a = ?1 AND b = ?12"), "SELECT a FROM t WHERE a = $1 AND b = $12");
  EXPECT_EQ(postgres_query("SELECT '?1', \"?2\", 'it''s ?3' WHERE a = ?1"),
            "SELECT '?1', \"?2\", 'it''s ?3' WHERE a = $1");
  EXPECT_EQ(postgres_query("SELECT 1 -- ?1 isn't one\n, ?2"), "SELECT 1 -- ?1 isn't one\n, $2");
  EXPECT_EQ(postgres_query("SELECT /* ?1 ' */ ?1"), "SELECT /* ?1 ' */ $1");
  EXPECT_EQ(postgres_query("SELECT X'00fF', x'', index'a'"), "SELECT '\\x00fF'::bytea, '\\x'::bytea, index'a'");
}

TEST(PostgresQuery, LeavesTypesAlone) {
  EXPECT_EQ(postgres_query("SELECT CAST(a AS TEXT), integer FROM t"), "SELECT CAST(a AS TEXT), integer FROM t");
}

TEST(PostgresSchema, TranslatesTypesAndTableOptions) {
  EXPECT_EQ(postgres_schema("CREATE TABLE t (a INTEGER, b BLOB, c REAL) STRICT;"),
            "CREATE TABLE t (a BIGINT, b BYTEA, c DOUBLE PRECISION) ;\n");
  for (const char* end :
       {") STRICT, WITHOUT ROWID;", ") WITHOUT ROWID, STRICT;", ") WITHOUT ROWID;", ")\n  STRICT\n;"}) {
    const auto out = postgres_schema(std::string("CREATE TABLE t (a TEXT") + end);
    EXPECT_EQ(out.find_first_not_of(" ;\n", std::string_view("CREATE TABLE t (a TEXT COLLATE \"C\")").size()),
              std::string::npos)
        << out;
  }
  EXPECT_EQ(postgres_schema("CHECK (CAST(a AS TEXT) <> 'TEXT')"), "CHECK (CAST(a AS TEXT) <> 'TEXT')\n");
  EXPECT_EQ(postgres_schema("-- a BLOB of TEXT\n"), "-- a BLOB of TEXT\n");
  EXPECT_EQ(postgres_schema("CREATE FUNCTION f() AS $x$ BLOB ?1 $x$;"), "CREATE FUNCTION f() AS $x$ BLOB ?1 $x$;\n");
}

TEST(Parts, AreForOneEngine) {
  const std::string_view text = "all\n-- @sqlite\ns\n-- @postgresql\np\n  -- @end\nall\n";
  EXPECT_EQ(part_for(Engine::sqlite, text), "all\ns\nall\n");
  EXPECT_EQ(part_for(Engine::postgresql, text), "all\np\nall\n");
}

}  // namespace
}  // namespace xinyi::storage
