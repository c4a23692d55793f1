#include "features/people/uploads.hpp"

#include <sys/stat.h>

#include <filesystem>

#include "features/people/people_api.hpp"
#include "kernel/problem.hpp"

namespace xinyi::people {
namespace fs = std::filesystem;
using storage::Row;

std::string upload_path(const std::string& data_dir, const UploadId& id) { return data_dir + "/roster/" + to_text(id); }

std::int64_t keep_upload(const std::string& received, const std::string& data_dir, const UploadId& id) {
  ::mkdir((data_dir + "/roster").c_str(), 0700);
  std::error_code ec;
  const auto size = fs::file_size(received, ec);
  if (!ec) fs::rename(received, upload_path(data_dir, id), ec);
  if (!ec) return static_cast<std::int64_t>(size);
  fs::remove(received, ec);
  throw Refusal(Code::unavailable, "an uploaded roster could not be moved into the data folder");
}

void remove_upload_file(const std::string& data_dir, const UploadId& id) noexcept {
  std::error_code ignored;
  fs::remove(upload_path(data_dir, id), ignored);
}

void add_upload(storage::WriteTx& tx, const Upload& upload, const PersonId& owner, Instant now) {
  tx.exec(
      "INSERT INTO roster_uploads (school_id, id, owner, name, bytes, uploaded_at, report) VALUES (?1, ?2, ?3, ?4, ?5, "
      "?6, NULL)",
      tx.school(), upload.id, owner, upload.name, upload.bytes, now);
  // Rows of files that had to make room go here; the files themselves at the next clearing.
  tx.exec(
      "DELETE FROM roster_uploads WHERE school_id = ?1 AND id NOT IN"
      " (SELECT id FROM roster_uploads WHERE school_id = ?1 ORDER BY uploaded_at DESC, id DESC LIMIT ?2)",
      tx.school(), kMaxUploads);
}

Upload find_upload(storage::ReadTx& tx, const UploadId& id, const PersonId& owner, Instant now) {
  const auto r = tx.one(
      "SELECT name, bytes, report FROM roster_uploads WHERE school_id = ?1 AND id = ?2 AND owner = ?3 AND uploaded_at "
      "> ?4",
      tx.school(), id, owner, now - kUploadLife);
  if (!r) throw Refusal(Code::roster_expired);
  return {id, r->get<std::string>(0), r->get<std::int64_t>(1), r->get<std::optional<std::string>>(2)};
}

void set_report(storage::WriteTx& tx, const UploadId& id, const std::string& report) {
  tx.exec("UPDATE roster_uploads SET report = ?3 WHERE school_id = ?1 AND id = ?2", tx.school(), id, report);
}

void clear_old_uploads(storage::WriteTx& tx, Instant now) {
  tx.exec("DELETE FROM roster_uploads WHERE school_id = ?1 AND uploaded_at <= ?2", tx.school(), now - kUploadLife);
}

void clear_upload_files(const std::string& data_dir, Instant now) noexcept {
  std::error_code ec;
  // By the files' own age, so that what a crash left without a row goes too. Ids begin with their time (UUIDv7).
  for (const auto& entry : fs::directory_iterator(data_dir + "/roster", ec)) {
    const auto id = uuid_bytes(entry.path().filename().string());
    std::int64_t millis = 0;
    if (id)
      for (std::size_t i = 0; i < 6; ++i) millis = millis << 8 | (*id)[i];
    std::error_code ignored;
    if (!id || millis * 1000 <= (now - kUploadLife).micros) fs::remove(entry.path(), ignored);
  }
}

}  // namespace xinyi::people
