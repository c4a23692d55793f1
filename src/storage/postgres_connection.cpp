#include "storage/postgres_connection.hpp"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cmath>
#include <utility>

namespace xinyi::storage {
namespace {

// Types by their numbers in the server's catalogue; these never change.
constexpr Oid kBool = 16, kBytea = 17, kChar = 18, kName = 19, kInt8 = 20, kInt2 = 21, kInt4 = 23, kText = 25,
              kOid = 26, kFloat4 = 700, kFloat8 = 701, kBpchar = 1042, kVarchar = 1043, kNumeric = 1700, kVoid = 2278;

template <class T>
T from_big_endian(const char* p) {
  T v = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) v = static_cast<T>((v << 8) | static_cast<unsigned char>(p[i]));
  return v;
}

/// The numeric type's binary form: groups of four decimal digits; what sums of BIGINT come as.
void add_numeric(Gathered& out, const char* p, int length) {
  const auto at = [&](int i) { return from_big_endian<std::uint16_t>(p + 2 * i); };
  invariant(length >= 8, "a short numeric");
  const int digits = at(0);
  const int weight = static_cast<std::int16_t>(at(1));
  const bool negative = at(2) == 0x4000;
  invariant(at(2) == 0 || negative, "a numeric that is no number");
  if (digits - 1 <= weight && weight <= 4) {
    std::int64_t v = 0;  // gathered below zero, where there is one number more
    bool fits = true;
    for (int i = 0; fits && i <= weight; ++i) {
      fits = !__builtin_mul_overflow(v, std::int64_t{10'000}, &v) &&
             !__builtin_sub_overflow(v, std::int64_t{i < digits ? at(4 + i) : 0}, &v);
    }
    if (fits && (negative || v != INT64_MIN)) return out.add_integer(negative ? v : -v);
  }
  double v = 0;
  for (int i = 0; i < digits; ++i) v += at(4 + i) * std::pow(10.0, 4 * (weight - i));
  out.add_real(negative ? -v : v);
}

void add_cell(Gathered& out, const PGresult* r, int row, int column) {
  if (PQgetisnull(r, row, column)) return out.add_null();
  const char* p = PQgetvalue(r, row, column);
  const int length = PQgetlength(r, row, column);
  const std::string_view bytes(p, static_cast<std::size_t>(length));
  switch (PQftype(r, column)) {
    case kInt8: return out.add_integer(static_cast<std::int64_t>(from_big_endian<std::uint64_t>(p)));
    case kInt4: return out.add_integer(static_cast<std::int32_t>(from_big_endian<std::uint32_t>(p)));
    case kInt2: return out.add_integer(static_cast<std::int16_t>(from_big_endian<std::uint16_t>(p)));
    case kOid: return out.add_integer(from_big_endian<std::uint32_t>(p));
    case kBool: return out.add_integer(p[0] != 0 ? 1 : 0);
    case kFloat8: return out.add_real(std::bit_cast<double>(from_big_endian<std::uint64_t>(p)));
    case kFloat4: return out.add_real(std::bit_cast<float>(from_big_endian<std::uint32_t>(p)));
    case kNumeric: return add_numeric(out, p, length);
    case kText:
    case kVarchar:
    case kBpchar:
    case kChar:
    case kName: return out.add_text(bytes);
    case kBytea: return out.add_blob(view(bytes));
    case kVoid: return out.add_null();
    default: throw Bug(fmt::format("a column of the type {}, which the house does not use", PQftype(r, column)));
  }
}

Oid type_of(const Param& p) {
  constexpr std::array<Oid, 5> kTypes{0, kInt8, kFloat8, kText, kBytea};  // in the order of the variant
  return kTypes[p.index()];
}

/// Parameters in the form libpq takes: binary, numbers most significant byte first.
class Bound {
 public:
  explicit Bound(std::span<const Param> params) : numbers_(params.size()) {
    for (std::size_t i = 0; i < params.size(); ++i) {
      const auto& p = params[i];
      if (const auto* n = std::get_if<std::int64_t>(&p))
        add_number(i, static_cast<std::uint64_t>(*n));
      else if (const auto* d = std::get_if<double>(&p))
        add_number(i, std::bit_cast<std::uint64_t>(*d));
      else if (const auto* t = std::get_if<std::string_view>(&p))
        add(t->empty() ? "" : t->data(), t->size());
      else if (const auto* b = std::get_if<View>(&p))
        add(b->empty() ? "" : text(*b).data(), b->size());
      else
        add(nullptr, 0);
    }
    formats.assign(params.size(), 1);
  }
  std::vector<const char*> values;
  std::vector<int> lengths;
  std::vector<int> formats;

 private:
  void add(const char* p, std::size_t n) {
    values.push_back(p);
    lengths.push_back(static_cast<int>(n));
  }
  void add_number(std::size_t i, std::uint64_t v) {
    for (std::size_t b = 0; b < 8; ++b) numbers_[i][b] = static_cast<char>(v >> (56 - 8 * b));
    add(numbers_[i].data(), 8);
  }
  std::vector<std::array<char, 8>> numbers_;
};

std::string field(const PGresult* r, int code) {
  const char* v = PQresultErrorField(r, code);
  return v ? v : "";
}

PgError error_of(const PGresult* r) {
  PgError e{field(r, PG_DIAG_SQLSTATE), field(r, PG_DIAG_MESSAGE_PRIMARY), false};
  // Data exceptions quote the value at fault.
  if (e.state.starts_with("22")) e.message = "the server refused a value";
  const auto constraint = field(r, PG_DIAG_CONSTRAINT_NAME);
  if (!constraint.empty() && e.message.find(constraint) == std::string::npos) e.message += " (" + constraint + ")";
  // The server ends the session with these, or cannot go on with it after a fail-over or a change of a table.
  e.lost = (e.state.starts_with("08") && e.state != "08P01") || e.state.starts_with("57P") || e.state == "25006" ||
           e.state == "25P03" || (e.state == "0A000" && field(r, PG_DIAG_SOURCE_FUNCTION) == "RevalidateCachedQuery");
  return e;
}

}  // namespace

bool PgError::constraint() const { return state.starts_with("23") || (state == "P0001" && message == "occupied"); }

void throw_postgres(const PgError& e) {
  const auto inside = fmt::format("postgresql {}: {}", e.state, e.message);
  if (e.lost || e.state == "57014" || e.state == "55P03" || e.state.starts_with("40")) {
    throw Refusal(Code::unavailable, inside);
  }
  if (e.constraint()) {
    const auto kind = e.state == "23505"                         ? ConstraintError::Kind::unique
                      : e.state == "23P01" || e.state == "P0001" ? ConstraintError::Kind::occupied
                                                                 : ConstraintError::Kind::other;
    throw ConstraintError(kind, e.message);
  }
  if (e.state == "53100") throw Refusal(Code::storage_full, inside);
  if (e.state.starts_with("53")) throw Refusal(Code::unavailable, inside);
  throw Refusal(Code::internal, inside);
}

PgConnection::PgConnection(const std::string& url, Use use) {
  // What stands in the operator's address holds against these.
  const std::array<const char*, 8> keys{"connect_timeout",
                                        "keepalives_idle",
                                        "keepalives_interval",
                                        "keepalives_count",
                                        "tcp_user_timeout",
                                        "application_name",
                                        "dbname",
                                        nullptr};
  const std::array<const char*, 8> values{"5", "10", "5", "3", "15000", "xinyi", url.c_str(), nullptr};
  conn_ = std::shared_ptr<PGconn>(PQconnectdbParams(keys.data(), values.data(), 1), PQfinish);
  if (PQstatus(conn_.get()) != CONNECTION_OK) broken();
  PQsetNoticeProcessor(
      conn_.get(), [](void*, const char*) {}, nullptr);
  set_up(use);
  if (PQenterPipelineMode(conn_.get()) != 1) broken();
}

void PgConnection::set_up(Use use) {
  std::string sql =
      "SET client_encoding = 'UTF8'; SET standard_conforming_strings = on;"
      // An acknowledged write survives the machine; a stronger wish of the operator stays.
      "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') <> "
      "'remote_apply';";
  const auto limit = std::to_string(std::chrono::milliseconds(kReadLimit).count());
  if (use == Use::read) {
    sql += "SET statement_timeout = " + limit + "; SET idle_in_transaction_session_timeout = " + limit +
           ";"
           "SET default_transaction_read_only = on;";
  } else if (use == Use::write) {
    // A process that hangs must not keep a school's lock.
    sql += "SET lock_timeout = '10s'; SET statement_timeout = '30s'; SET idle_in_transaction_session_timeout = '30s';";
  }
  const std::unique_ptr<PGresult, void (*)(PGresult*)> r(PQexec(conn_.get(), sql.c_str()), PQclear);
  if (PQresultStatus(r.get()) != PGRES_COMMAND_OK && PQresultStatus(r.get()) != PGRES_TUPLES_OK) broken();
}

bool PgConnection::in_transaction() const { return PQtransactionStatus(conn_.get()) == PQTRANS_INTRANS; }

bool PgConnection::usable() const { return conn_ && PQstatus(conn_.get()) == CONNECTION_OK; }

void PgConnection::broken() const {
  std::string why = conn_ ? PQerrorMessage(conn_.get()) : "";
  while (!why.empty() && why.back() == '\n') why.pop_back();
  throw PgError{"", why.empty() ? "the connection broke" : why, true};
}

PgConnection::Prepared& PgConnection::statement(Sql sql, std::span<const Param> params) {
  auto& variants = prepared_[sql.text];
  for (auto& v : variants) {
    bool fits = v->types.size() == params.size();
    // NULL goes with every type; the other way round the server may have guessed another one.
    for (std::size_t i = 0; fits && i < params.size(); ++i)
      fits = params[i].index() == 0 || v->types[i] == type_of(params[i]);
    if (fits) return *v;
  }
  auto fresh = std::make_unique<Prepared>();
  for (const auto& p : params) fresh->types.push_back(type_of(p));
  fresh->name = "s" + std::to_string(++names_);
  variants.push_back(std::move(fresh));
  return *variants.back();
}

void PgConnection::send(Sql sql, std::span<const Param> params, std::vector<Sent>& sent) {
  auto& s = statement(sql, params);
  if (!s.known) {
    const auto text = postgres_query(sql.text);
    if (PQsendPrepare(conn_.get(), s.name.c_str(), text.c_str(), static_cast<int>(s.types.size()), s.types.data()) !=
        1) {
      broken();
    }
    sent.push_back({&s});
    s.known = true;  // also for the rest of this pipeline; taken back when the server refuses it
  }
  const Bound bound(params);
  if (PQsendQueryPrepared(conn_.get(), s.name.c_str(), static_cast<int>(params.size()), bound.values.data(),
                          bound.lengths.data(), bound.formats.data(), 1) != 1) {
    broken();
  }
  sent.push_back({});
}

std::shared_ptr<PGresult> PgConnection::collect(const std::vector<Sent>& sent) {
  if (PQpipelineSync(conn_.get()) != 1) broken();
  std::shared_ptr<PGresult> last;
  std::optional<PgError> error;
  for (const auto& command : sent) {
    while (auto* raw = PQgetResult(conn_.get())) {
      std::shared_ptr<PGresult> r(raw, PQclear);
      const auto status = PQresultStatus(raw);
      if (status == PGRES_FATAL_ERROR && !error) error = error_of(raw);
      if (status == PGRES_PIPELINE_SYNC) broken();  // answers and commands no longer fit
      if (command.prepares && status != PGRES_COMMAND_OK) command.prepares->known = false;
      last = std::move(r);
    }
    if (!usable()) broken();
  }
  const std::shared_ptr<PGresult> end(PQgetResult(conn_.get()), PQclear);
  if (!end || PQresultStatus(end.get()) != PGRES_PIPELINE_SYNC) {
    if (error && error->lost) throw *error;
    broken();
  }
  if (error) throw *error;
  return last;
}

std::unique_ptr<Gathered> PgConnection::run(Sql sql, std::span<const Param> params, std::int64_t* changed,
                                            std::string* tag) {
  if (!usable()) broken();
  std::vector<Sent> sent;
  const auto pending = std::exchange(pending_, {});
  for (const auto& c : pending) send(c.sql, c.params, sent);
  send(sql, params, sent);
  const auto r = collect(sent);
  invariant(r != nullptr, "a statement without an answer");
  if (changed) {
    const std::string_view n = PQcmdTuples(r.get());
    const bool reads =
        PQresultStatus(r.get()) == PGRES_TUPLES_OK && std::string_view(PQcmdStatus(r.get())).starts_with("SELECT");
    *changed = n.empty() || reads ? 0 : std::stoll(std::string(n));
  }
  if (tag) *tag = PQcmdStatus(r.get());
  const int columns = PQnfields(r.get());
  auto out = std::make_unique<Gathered>(columns);
  for (int row = 0; row < PQntuples(r.get()); ++row) {
    for (int c = 0; c < columns; ++c) add_cell(*out, r.get(), row, c);
  }
  return out;
}

void PgConnection::flush() {
  if (pending_.empty()) return;
  if (!usable()) broken();
  std::vector<Sent> sent;
  for (const auto& c : std::exchange(pending_, {})) send(c.sql, c.params, sent);
  collect(sent);
}

void PgConnection::script(const std::string& sql) {
  if (PQexitPipelineMode(conn_.get()) != 1) broken();
  const std::unique_ptr<PGresult, void (*)(PGresult*)> r(PQexec(conn_.get(), sql.c_str()), PQclear);
  std::optional<PgError> error;
  const auto status = PQresultStatus(r.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY) error = error_of(r.get());
  if (PQenterPipelineMode(conn_.get()) != 1) broken();
  if (error) throw *error;
}

}  // namespace xinyi::storage
