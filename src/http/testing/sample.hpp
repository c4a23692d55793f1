// A tiny room for the tests of this one: notes that belong to people.
#pragma once
#include <atomic>
#include <filesystem>
#include <latch>
#include <thread>

#include "http/contract.hpp"

namespace xinyi::http::testing {

XINYI_ID(NoteId);
struct NewNote { Text<1, 40> title; };
BOOST_DESCRIBE_STRUCT(NewNote, (), (title))
struct NoteView { NoteId id; std::string title; std::int64_t version = 0; };
BOOST_DESCRIBE_STRUCT(NoteView, (), (id, title, version))
struct NoteList { std::vector<NoteView> items; };
BOOST_DESCRIBE_STRUCT(NoteList, (), (items))
struct Size { std::int64_t bytes = 0; };
BOOST_DESCRIBE_STRUCT(Size, (), (bytes))
struct Tick { std::int64_t n = 0; };
BOOST_DESCRIBE_STRUCT(Tick, (), (n))
struct Hello { std::string text; };
BOOST_DESCRIBE_STRUCT(Hello, (), (text))

inline std::vector<storage::Migration> note_steps() {
  return {{"9001_notes.sql",
           "CREATE TABLE notes (\n"
           "  school_id BLOB NOT NULL, -- plain: school\n"
           "  id BLOB NOT NULL, -- plain: id\n"
           "  owner BLOB NOT NULL, -- plain: person\n"
           "  title TEXT NOT NULL, -- plain: title\n"
           "  version INTEGER NOT NULL, -- plain: version\n"
           "  PRIMARY KEY (school_id, id)\n) STRICT;\n"}};
}

/// Holds POST /api/v1/slow until it is opened, so that a test can stop a server with a request inside.
struct Gate {
  std::atomic<int> inside{0};
  std::latch open{1};
};

/// The streams that GET /api/v1/ticks has begun, for a test to feed.
struct Ticks {
  std::mutex mutex;
  std::vector<std::shared_ptr<FedStream>> begun;
  std::shared_ptr<FedStream> wait_for(std::size_t n) {
    for (int i = 0; i < 500; ++i) {
      {
        const std::lock_guard lock(mutex);
        if (begun.size() >= n) return begun[n - 1];
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    throw std::runtime_error("no stream was begun");
  }
};

inline NoteView load_note(storage::ReadTx& tx, const NoteId& id) {
  auto row = tx.one("SELECT title, version FROM notes WHERE school_id = ?1 AND id = ?2", tx.school(), id);
  if (!row) throw Refusal(Code::not_found);
  return {id, row->get<std::string>(0), row->get<std::int64_t>(1)};
}

inline Locator note_of_path() {
  return Locator([](storage::ReadTx& tx, const Call& call) {
    const auto id = call.id<NoteId>();
    auto row = tx.one("SELECT owner FROM notes WHERE school_id = ?1 AND id = ?2", tx.school(), id);
    if (!row) return identity::Facts::missing("note", id.bytes());
    identity::Facts facts;
    facts.kind = "note";
    facts.id = id.bytes();
    if (call.signed_in() && row->get<PersonId>(0) == call.who().person) facts.relations.add(identity::Relation::own);
    return facts;
  });
}

inline Routes sample_routes(std::shared_ptr<Gate> gate = std::make_shared<Gate>(), std::shared_ptr<Ticks> ticks = std::make_shared<Ticks>()) {
  using identity::Rule;
  const identity::Roles staff = {identity::Role::counsellor, identity::Role::director};
  Routes out;
  out.add<Nothing, Hello>({Method::get, "/api/v1/about", "Says hello.", Rule::anonymous(), no_object()},
                          [](Call&) -> Task<Hello> { co_return Hello{"心驿"}; });
  out.add<Nothing, Hello>({Method::get, "/api/v1/me", "Who am I.", Rule::signed_in(), no_object()},
                          [](Call& call) -> Task<Hello> {
                            co_await call.judge();
                            co_return Hello{call.who().username};
                          });
  out.add<NewNote, Hello>({Method::post, "/api/v1/first", "Set-up.", Rule::set_up(), no_object()},
                          [](Call& call, NewNote in) -> Task<Hello> {
                            co_await call.judge();
                            co_return Hello{in.title.str()};
                          });
  out.add_read<NoteList>({.method = Method::get, .path = "/api/v1/notes", .summary = "Own notes.", .rule = Rule::may(staff),
                          .locate = no_object(), .query = {"limit"}},
                         [](Call& call, storage::ReadTx& tx) {
                           const auto limit = call.query<std::int64_t>("limit").value_or(20);
                           NoteList list;
                           for (auto row : tx.query("SELECT id, title, version FROM notes WHERE school_id = ?1 AND owner = ?2 "
                                                    "ORDER BY id LIMIT ?3", tx.school(), call.who().person, limit))
                             list.items.push_back({row.get<NoteId>(0), row.get<std::string>(1), row.get<std::int64_t>(2)});
                           return list;
                         });
  out.add<NewNote, Answer<NoteView>>({Method::post, "/api/v1/notes", "Writes a note.", Rule::may(staff), no_object()},
                                     [](Call& call, NewNote in) -> Task<Answer<NoteView>> {
                                       const auto touched = co_await call.act([&](storage::WriteTx& tx) {
                                         const auto id = call.services().random.id<NoteId>(call.now());
                                         tx.exec("INSERT INTO notes (school_id, id, owner, title, version) VALUES (?1,?2,?3,?4,1)",
                                                 tx.school(), id, call.who().person, in.title);
                                         return Touched::of(id, 1);
                                       });
                                       auto note = co_await call.read([&](storage::ReadTx& tx) { return load_note(tx, touched.as<NoteId>()); });
                                       const auto version = note.version;
                                       co_return Answer<NoteView>{std::move(note), 201, version};
                                     }, 201);
  out.add<NewNote, Answer<NoteView>>({.method = Method::put, .path = "/api/v1/notes/{id}", .summary = "Edits a note.",
                                      .rule = Rule::may(staff, {identity::Relation::own}), .locate = note_of_path(), .versioned = true},
                                     [](Call& call, NewNote in) -> Task<Answer<NoteView>> {
                                       auto note = co_await call.write([&](storage::WriteTx& tx) {
                                         const auto id = call.id<NoteId>();
                                         const auto version = call.expected_version();
                                         if (tx.exec("UPDATE notes SET title = ?3, version = version + 1 WHERE school_id = ?1 AND id = ?2 AND version = ?4",
                                                     tx.school(), id, in.title, version) == 0) {
                                           Problem p;
                                           p.code = Code::changed_meanwhile;
                                           p.extra["current"] = contract::write(load_note(tx, id));
                                           throw Refusal(std::move(p));
                                         }
                                         return load_note(tx, id);
                                       });
                                       const auto version = note.version;
                                       co_return Answer<NoteView>{std::move(note), 200, version};
                                     });
  out.add<Nothing, Nothing>({Method::delete_, "/api/v1/notes/{id}", "Removes a note.", Rule::may(staff, {identity::Relation::own}), note_of_path()},
                            [](Call& call) -> Task<Nothing> {
                              co_await call.write([&](storage::WriteTx& tx) {
                                tx.exec("DELETE FROM notes WHERE school_id = ?1 AND id = ?2", tx.school(), call.id<NoteId>());
                              });
                              co_return Nothing{};
                            });
  out.add<Nothing, Size>({.method = Method::put, .path = "/api/v1/files", .summary = "Takes a file.", .rule = Rule::may(staff),
                          .locate = no_object(), .query = {"name"}, .upload_limit = 3'000'000},
                         [](Call& call) -> Task<Size> {
                           co_await call.judge();
                           const auto path = call.incoming().upload_path;
                           co_return Size{static_cast<std::int64_t>(std::filesystem::file_size(path))};
                         });
  out.add_file({.method = Method::get, .path = "/api/v1/notes/{id}.txt", .summary = "A note as a file.",
                .rule = Rule::may(staff, {identity::Relation::own}), .locate = note_of_path(), .query = {"bad"}}, "text/plain",
               [](Call& call) -> Task<File> {
                 auto note = co_await call.read([&](storage::ReadTx& tx) { return load_note(tx, call.id<NoteId>()); });
                 co_return File{note.title, call.query<std::string>("bad").value_or("note.txt"), true};
               });
  out.add<Nothing, Nothing>({Method::post, "/api/v1/forgot", "A handler that forgot its rule.", Rule::may(staff), no_object()},
                            [](Call&) -> Task<Nothing> { co_return Nothing{}; });
  out.add<Nothing, Nothing>({Method::post, "/api/v1/breaks", "A handler with a defect.", Rule::may(staff), no_object()},
                            [](Call&) -> Task<Nothing> {
                              throw std::runtime_error("张三的记录");  // what must not reach a log
                              co_return Nothing{};
                            });
  out.add<Nothing, Hello>({Method::post, "/api/v1/session", "Signs in.", Rule::anonymous(), no_object()},
                          [](Call& call) -> Task<Hello> {
                            call.set_session_cookie("abc");
                            co_return Hello{"ok"};
                          });
  out.add<Nothing, Hello>({Method::post, "/api/v1/slow", "Waits for the gate.", Rule::anonymous(), no_object()},
                          [gate](Call& call) -> Task<Hello> {
                            co_await call.write([&](storage::WriteTx&) {
                              if (gate->inside++ == 0) gate->open.wait();
                            });
                            co_return Hello{"done"};
                          });
  out.add_stream<Tick>({.method = Method::get, .path = "/api/v1/ticks", .summary = "Ticks.", .rule = Rule::may(staff), .locate = no_object(),
                        .by_itself = true},
                       [ticks](Call& call) -> Task<std::shared_ptr<Stream>> {
                         co_await call.judge();
                         auto stream = std::make_shared<FedStream>(call.executor());
                         if (!call.incoming().last_event_id.empty()) stream->feed("after " + call.incoming().last_event_id);
                         const std::lock_guard lock(ticks->mutex);
                         ticks->begun.push_back(stream);
                         co_return stream;
                       });
  return out;
}

}  // namespace xinyi::http::testing
