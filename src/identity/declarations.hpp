// Declarations: texts that staff read and acknowledge; a new version asks again (ETH-1, ORG-4).
#pragma once
#include <string>
#include <vector>

#include "storage/database.hpp"

namespace xinyi::identity {

inline constexpr std::string_view kEthicsPledge = "ethics_pledge";

struct Declaration {
  DeclarationId id;
  std::string kind;
  std::int64_t version = 1;
  std::string title_zh, title_en, text_zh, text_en;
  Instant published_at;
};

/// True while the person has not acknowledged the pledge in force.
bool pledge_due(storage::ReadTx& tx, const PersonId& person);
/// Versions in force that the person has not acknowledged.
std::vector<Declaration> declarations_due(storage::ReadTx& tx, const PersonId& person);
/// All versions, newest first.
std::vector<Declaration> declarations(storage::ReadTx& tx);
/// The next version of its kind; returns its number.
std::int64_t publish(storage::WriteTx& tx, const Declaration& text, const std::optional<PersonId>& by);
/// Refusal(not_found) when it is not the version in force. Acknowledging twice changes nothing.
void acknowledge(storage::WriteTx& tx, const DeclarationId& id, const PersonId& person, Instant now);
/// The text that the product brings: publishes it when the school has none.
void publish_first_pledge(storage::WriteTx& tx, const DeclarationId& id, Instant now);

}  // namespace xinyi::identity
