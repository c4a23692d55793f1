// Rows of audit_events and the bytes of their leaves. Inside this room only.
#pragma once
#include "audit/event.hpp"
#include "crypto/encode.hpp"
#include "storage/database.hpp"

namespace xinyi::audit {

/// A row as it stands in the table; views are good until the next step.
struct Raw {
  std::int64_t number = 0, at = 0;
  std::string_view actor_kind, act, object_kind, outcome;
  View actor_id, object_id;
  std::optional<View> about, why_hash, content;
  View leaf;
};

/// The columns of `Raw`, in order. Statements are literals, so each one repeats this list.
#define XINYI_AUDIT_COLUMNS                                                                                     \
  "number, at, actor_kind, actor_person, actor_client, act, object_kind, object_id, about, outcome, why_hash, " \
  "content, leaf"
Raw read_raw(const storage::Row& row);

/// Writes the leaf's bytes; false when a column cannot be from append() (a length, an unknown kind).
bool encode_leaf(crypto::Encoder& out, const SchoolId& school, const Raw& raw);

}  // namespace xinyi::audit
