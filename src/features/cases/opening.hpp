// Within the case room: how a file is opened. Every reading of sealed content goes through here:
//   1. read:  the route's rule, the reader's grant, keys opened (expensive, on the event loop's thread)
//   2. write: rule and grant judged again, the event written; durable before a word leaves
//   3. the content itself is opened
#pragma once
#include "features/cases/cases.hpp"

namespace xinyi::cases {

/// Facts of the case {id}: assigned for the responsible counsellor, granted for holders of a live grant, room_key for
/// holders of the room key.
identity::Facts case_facts(storage::ReadTx& tx, const http::Call& call, const CaseId& id);
http::Locator case_locator();
/// The same by the record {id}.
http::Locator record_locator();
/// Who may read a case: its counsellor, whoever has a grant, and the director by the room key with a reason.
identity::Rule readers();
/// Who may write in it.
identity::Rule writers();

struct OpenedCase {
  StoredCase facts;
  vault::CaseKey key;
  bool by_room_key = false;
  std::optional<vault::Why> why;   // sealed, for the event
};
/// Step 1. Refusal(reason_needed) when the reader is not responsible and gave none (CARE-15).
OpenedCase open_case(storage::ReadTx& tx, const http::Call& call, const CaseId& id, const std::optional<Text<2, 500>>& reason);
/// Step 2: the grant again, and the event; with the room key a second event that names its use.
void note_opening(storage::WriteTx& tx, const http::Call& call, const OpenedCase& opened, audit::Event event);

vault::Place place_of(const SchoolId& school, const StoredRecord& r, std::string field, std::int64_t version);
Bytes seal_fields(const vault::ContentKey& key, const vault::Place& place, const RecordFields& fields);
/// Refusal(content_damaged) when it does not open or is no record.
RecordFields open_fields(const vault::ContentKey& key, const vault::Place& place, View sealed);

}  // namespace xinyi::cases
