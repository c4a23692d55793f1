// Uploaded rosters waiting for their import: a row each, and a file DATA/roster/<id> that only the server reads.
#pragma once
#include <optional>
#include <string>

#include "kernel/id.hpp"
#include "kernel/time.hpp"
#include "storage/database.hpp"

namespace xinyi::people {

inline constexpr std::size_t kMaxUpload = 64 << 20;
inline constexpr Span kUploadLife = std::chrono::hours(1);
inline constexpr int kMaxUploads = 5;  // of a school at a time; an older one makes room

struct Upload {
  UploadId id;
  std::string name;
  std::int64_t bytes = 0;
  std::optional<std::string> report;  // JSON, once imported
};

std::string upload_path(const std::string& data_dir, const UploadId& id);
/// Moves the received file to its place; its size. Refusal(unavailable) when that fails.
std::int64_t keep_upload(const std::string& received, const std::string& data_dir, const UploadId& id);
void remove_upload_file(const std::string& data_dir, const UploadId& id) noexcept;

void add_upload(storage::WriteTx& tx, const Upload& upload, const PersonId& owner, Instant now);
/// The uploads of one person are nobody else's. Refusal(roster_expired) when there is none or its hour is over.
Upload find_upload(storage::ReadTx& tx, const UploadId& id, const PersonId& owner, Instant now);
void set_report(storage::WriteTx& tx, const UploadId& id, const std::string& report);

}  // namespace xinyi::people
