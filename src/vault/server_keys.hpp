// The server's own keys: three files outside the data folder, in no database and no data backup; and what a hostile
// database administrator must not be able to change: the pins, the public halves of the room's keys as they were at
// set-up, and which schools' rows carry authenticators.
#pragma once
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "crypto/pair.hpp"
#include "kernel/id.hpp"

namespace xinyi::vault {

enum class RoomKeyKind { room, duty, crisis };
std::string_view to_text(RoomKeyKind kind);
std::optional<RoomKeyKind> room_key_kind_from_text(std::string_view text);

/// Public halves of a room, duty or crisis key. Only the room key signs; the others may leave sign_public out.
struct RoomKey {
  RoomKeyKind kind = RoomKeyKind::room;
  int generation = 1;  // from 1
  crypto::BoxPublic box_public;
  std::optional<crypto::SignPublic> sign_public;
  bool operator==(const RoomKey&) const = default;
};

/// The secrets folder cannot be used; what() is a sentence for the operator that says what to do.
class SecretsError : public std::exception {
 public:
  explicit SecretsError(std::string what) : what_(std::move(what)) {}
  const char* what() const noexcept override { return what_.c_str(); }

 private:
  std::string what_;
};

class ServerKeys {
 public:
  /// Makes the folder (0700) and machine.key, epoch.key, log.key (0600, 32 random bytes each). SecretsError when one of
  /// them exists already or the folder lies inside `data_dir` (empty: not checked).
  static void create(const std::string& dir, const std::string& data_dir = {});
  /// SecretsError when a file is missing, has another length, is readable by others, or lies inside `data_dir`.
  explicit ServerKeys(const std::string& dir, const std::string& data_dir = {});

  /// The key that signs heads, and its public half.
  crypto::SignPair log_key() const;
  crypto::SignPublic log_public() const;
  const crypto::GuardedKey& machine() const { return machine_; }
  const crypto::GuardedKey& epoch() const { return epoch_; }

  /// Writes the public halves to the file room.pin (and waits for the disk) before the row is written. More than one pin
  /// for the same generation may stand there after a set-up that was broken off; a row counts when it equals one of them.
  void pin(const SchoolId& school, const RoomKey& key);
  bool pinned(const SchoolId& school, const RoomKey& key) const;

  /// Writes into the file rows.pin that this school's rows carry authenticators (see `rows_authenticated`): a database put
  /// back to before that is noticed. Once written, nothing changes.
  void note_rows(const SchoolId& school);
  bool rows_noted(const SchoolId& school) const;
  std::string rows_file() const;

 private:
  struct Pin {
    SchoolId school;
    RoomKey key;
  };
  void load_pins();
  void load_noted();
  void replace(const std::string& path, const std::string& text) const;
  std::string dir_;
  crypto::GuardedKey machine_, epoch_, log_;
  mutable std::mutex mutex_;  // guards what follows
  std::vector<Pin> pins_;
  std::vector<SchoolId> noted_;
};

}  // namespace xinyi::vault
