#include "features/paper/model.hpp"
#include "features/paper/paper.hpp"
#include "features/paper/rules.hpp"
#include "features/schedule/schedule.hpp"
#include "identity/accounts.hpp"
#include "kernel/workers.hpp"

namespace xinyi::paper {
namespace {
using namespace identity;
using http::Call;
using http::File;
using print::Language;
using storage::ReadTx;
using storage::WriteTx;

// A page takes some 20 ms; with so many before it, a person would rather be told.
constexpr std::size_t kLongestQueue = 64;
using Press = std::shared_ptr<Workers>;

Language language_of(const Call& call) { return call.query<Language>("lang").value_or(Language::zh); }

Task<File> print_form(Press press, Call& call) {
  co_await call.judge();
  const auto* form = print::form(call.param("id"));
  if (form == nullptr) throw Refusal(Code::not_found);
  const auto& school = call.school_facts();
  const print::Options options{language_of(call), school.name, call.now()};
  const print::Facts facts{school.help_place, school.help_hours, school.help_people};
  const auto pdf = co_await press->run(call.executor(), [&] {
    return form->look == print::Look::poster ? print::poster(*form, facts, options) : print::pdf(*form, {}, options);
  });
  co_return File{std::string(text(pdf)), form->id + ".pdf", true};
}

Task<File> print_day(Press press, Call& call) {
  const auto& zone = call.school_facts().zone;
  const auto date = call.query<SchoolDate>("date").value_or(zone.date_of(call.now()));
  const bool names = call.query<bool>("names").value_or(false);
  const auto language = language_of(call);
  const auto me = call.who().person;
  // Paper leaves the house's control: that it was made is durable before it leaves.
  co_await call.write([&](WriteTx& tx) { audit::append(tx, call.event(audit::Act::day_printed, "person", me.bytes())); });
  const auto day = co_await call.read([&](ReadTx& tx) {
    const schedule::Interval span{zone.at(date, {0}), zone.at(date.plus_days(1), {0})};
    DutyDay out{date, name_of(tx, me), schedule::shifts(tx, span, me), {}};
    for (const auto& a : schedule::appointments_of_counsellor(tx, me, span)) {
      Visit visit{a.span.starts_at, a.span.ends_at, schedule::as_client_sees(tx, a).room.name, a.state, a.walk_in, {}};
      if (names) {
        const auto client = schedule::client_facts(tx, call.data_key(), a.client);
        visit.client = client.name + "  " + client.class_name;
      }
      out.visits.push_back(std::move(visit));
    }
    return out;
  });
  print::Options options{language, call.school_facts().name, call.now()};
  if (names) options.watermark = print::Watermark{day.counsellor, to_text(zone.date_of(call.now())) + " " + to_text(zone.wall_time_of(call.now())), {}};
  const auto pdf = co_await press->run(call.executor(), [&] { return print::pdf(*print::form("duty"), duty_values(day, zone, language), options); });
  co_return File{std::string(text(pdf)), "duty-" + to_text(date) + ".pdf", true};
}

Task<File> list_shifts(Press press, Call& call) {
  const auto& zone = call.school_facts().zone;
  const auto [monday, sunday] = week_of(call.query<SchoolDate>("date").value_or(zone.date_of(call.now())));
  const auto language = language_of(call);
  const auto shifts = co_await call.read([&, from = monday, to = sunday](ReadTx& tx) {
    return schedule::shifts(tx, {zone.at(from, {0}), zone.at(to.plus_days(1), {0})});
  });
  const auto sheet = shift_sheet(monday, language, call.now());
  const auto table = co_await press->run(call.executor(), [&] {
    std::size_t next = 0;
    return print::xlsx(sheet, [&](std::vector<print::XlsxCell>& row) {
      if (next == shifts.size()) return false;
      row = shift_row(shifts[next++], zone, language);
      return true;
    });
  });
  co_return File{std::string(text(table)), "shifts-" + to_text(monday) + ".xlsx"};
}
}  // namespace

void add_routes(http::Routes& routes) {
  using enum http::Method;
  const auto press = std::make_shared<Workers>(1, kLongestQueue);
  const std::vector<Code> no_font = {Code::print_font_missing};
  routes.add<http::Nothing, Forms>({get, "/api/v1/forms", "Blank forms and posters.", Rule::may(kStaff), http::no_object()}, [](Call& call) -> Task<Forms> {
    co_await call.judge();
    Forms out;
    for (const auto& f : print::forms()) out.items.push_back({f.id, f.number, f.version, f.title, f.look == print::Look::poster});
    co_return out;
  });
  routes.add_file({.method = get, .path = "/api/v1/forms/{id}.pdf", .summary = "A form to print and fill in by hand, or a poster; lang is zh or en.",
                   .rule = Rule::may(kStaff), .locate = http::no_object(), .query = {"lang"}, .errors = no_font},
                  "application/pdf", [press](Call& call) { return print_form(press, call); });
  routes.add_file({.method = get, .path = "/api/v1/day.pdf",
                   .summary = "The duty sheet of one's own day: counts and times. names=true adds who comes, for a working copy that names its reader.",
                   .rule = Rule::may({Role::counsellor, Role::trainee, Role::director, Role::deputy}).with_clients(), .locate = http::no_object(),
                   .query = {"date", "lang", "names"}, .errors = no_font, .act = "day.printed"},
                  "application/pdf", [press](Call& call) { return print_day(press, call); });
  routes.add_file({.method = get, .path = "/api/v1/shifts.xlsx", .summary = "The duty shifts of the week around a date, as a table.",
                   .rule = Rule::may(kStaff), .locate = http::no_object(), .query = {"date", "lang"}},
                  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", [press](Call& call) { return list_shifts(press, call); });
}
}  // namespace xinyi::paper
