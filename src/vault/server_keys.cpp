#include "vault/server_keys.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "kernel/problem.hpp"

namespace xinyi::vault {
namespace {
namespace fs = std::filesystem;
constexpr std::array kFiles = {"machine.key", "epoch.key", "log.key"};
constexpr std::string_view kPinFile = "room.pin", kRowsFile = "rows.pin";

class File {
 public:
  File(const std::string& path, int flags, mode_t mode = 0) : fd_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  int fd_;
};

bool write_all(int fd, View bytes) {
  while (!bytes.empty()) {
    const auto n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return ::fsync(fd) == 0;
}

void sync_folder(const std::string& dir) {
  const File folder(dir, O_RDONLY | O_DIRECTORY);
  if (!folder.ok() || ::fsync(folder.fd()) != 0)
    throw SecretsError(fmt::format("The secrets folder {} cannot be written ({}).", dir, std::strerror(errno)));
}

void require_outside(const std::string& dir, const std::string& data_dir) {
  if (data_dir.empty()) return;
  const auto inner = fs::weakly_canonical(fs::absolute(dir)), outer = fs::weakly_canonical(fs::absolute(data_dir));
  const auto [end, _] = std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end());
  if (end == outer.end())
    throw SecretsError(fmt::format(
        "The secrets folder {} lies inside the data folder {}. Whoever gets a copy of the data must not get "
        "the keys with it: choose another folder with --secrets.",
        dir, data_dir));
}

crypto::GuardedKey read_key(const std::string& dir, std::string_view name) {
  const auto path = (fs::path(dir) / name).string();
  const File file(path, O_RDONLY);
  if (!file.ok())
    throw SecretsError(
        fmt::format("The key file {} cannot be opened ({}). Restore it from where you keep it, or check --secrets.",
                    path, std::strerror(errno)));
  struct stat info {};
  if (::fstat(file.fd(), &info) != 0 || !S_ISREG(info.st_mode))
    throw SecretsError(fmt::format("The key file {} is not an ordinary file.", path));
  if ((info.st_mode & 077) != 0)
    throw SecretsError(fmt::format("Others may read the key file {}. Run: chmod 600 {}", path, path));
  if (info.st_size != 32)
    throw SecretsError(fmt::format("The key file {} is damaged: it must have 32 bytes, not {}.", path, info.st_size));
  return crypto::GuardedKey(crypto::Key::made([&](std::span<std::uint8_t, 32> out) {
    if (::read(file.fd(), out.data(), out.size()) != 32)
      throw SecretsError(fmt::format("The key file {} cannot be read ({}).", path, std::strerror(errno)));
  }));
}

std::string pin_line(const SchoolId& school, const RoomKey& key) {
  return fmt::format("{} {} {} {} {}\n", to_text(school), to_text(key.kind), key.generation,
                     to_hex(key.box_public.bytes), key.sign_public ? to_hex(key.sign_public->bytes) : "-");
}
}  // namespace

std::string_view to_text(RoomKeyKind kind) {
  switch (kind) {
    case RoomKeyKind::room: return "room";
    case RoomKeyKind::duty: return "duty";
    case RoomKeyKind::crisis: return "crisis";
  }
  throw Bug("unknown room key kind");
}

std::optional<RoomKeyKind> room_key_kind_from_text(std::string_view text) {
  for (const auto kind : {RoomKeyKind::room, RoomKeyKind::duty, RoomKeyKind::crisis})
    if (to_text(kind) == text) return kind;
  return std::nullopt;
}

void ServerKeys::create(const std::string& dir, const std::string& data_dir) {
  require_outside(dir, data_dir);
  std::error_code error;
  fs::create_directories(fs::path(dir).parent_path(), error);
  if (::mkdir(dir.c_str(), 0700) != 0 && errno != EEXIST)
    throw SecretsError(fmt::format("The secrets folder {} cannot be made ({}).", dir, std::strerror(errno)));
  for (const auto* name : kFiles)
    if (fs::exists(fs::path(dir) / name))
      throw SecretsError(
          fmt::format("There is a key file {} already; it is not replaced, because what it wraps would be lost.",
                      (fs::path(dir) / name).string()));
  for (const auto* name : kFiles) {
    const auto path = (fs::path(dir) / name).string();
    const File file(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    const auto key = crypto::Key::random();
    if (!file.ok() || ::fchmod(file.fd(), 0600) != 0 || !write_all(file.fd(), key.expose()))
      throw SecretsError(fmt::format("The key file {} cannot be written ({}).", path, std::strerror(errno)));
  }
  sync_folder(dir);
}

ServerKeys::ServerKeys(const std::string& dir, const std::string& data_dir)
    : dir_((require_outside(dir, data_dir), dir)),
      machine_(read_key(dir, kFiles[0])),
      epoch_(read_key(dir, kFiles[1])),
      log_(read_key(dir, kFiles[2])) {
  load_pins();
  load_noted();
}

crypto::SignPair ServerKeys::log_key() const { return crypto::sign_pair_from_seed(log_.expose()); }
crypto::SignPublic ServerKeys::log_public() const { return log_key().sign_public; }

void ServerKeys::load_pins() {
  const auto path = fs::path(dir_) / kPinFile;
  std::ifstream in(path);
  if (!in) {
    if (fs::exists(path)) throw SecretsError(fmt::format("The file {} cannot be read.", path.string()));
    return;
  }
  for (std::string line; std::getline(in, line);) {
    if (line.empty()) continue;
    std::istringstream parts(line);
    std::string school, kind, generation, box, sign;
    parts >> school >> kind >> generation >> box >> sign;
    RoomKey key;
    const auto id = id_from_text<SchoolIdTag>(school);
    const auto k = room_key_kind_from_text(kind);
    const auto b = crypto::box_public_from(from_hex(box).value_or(Bytes{}));
    const auto s = crypto::sign_public_from(from_hex(sign).value_or(Bytes{}));
    const auto number = std::from_chars(generation.data(), generation.data() + generation.size(), key.generation);
    if (!id || !k || !b || (sign != "-" && !s) || number.ec != std::errc{})
      throw SecretsError(fmt::format("The file {} is damaged in this line: {}", path.string(), line));
    key.kind = *k;
    key.box_public = *b;
    key.sign_public = s;
    pins_.push_back({*id, key});
  }
}

void ServerKeys::pin(const SchoolId& school, const RoomKey& key) {
  const std::lock_guard lock(mutex_);
  for (const auto& p : pins_)
    if (p.school == school && p.key == key) return;
  std::string all;
  for (const auto& p : pins_) all += pin_line(p.school, p.key);
  all += pin_line(school, key);
  replace((fs::path(dir_) / kPinFile).string(), all);
  pins_.push_back({school, key});
}

void ServerKeys::replace(const std::string& path, const std::string& text) const {
  const auto next = path + ".new";
  {
    const File file(next, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (!file.ok() || !write_all(file.fd(), view(text)))
      throw SecretsError(fmt::format("The file {} cannot be written ({}).", next, std::strerror(errno)));
  }
  if (::rename(next.c_str(), path.c_str()) != 0)
    throw SecretsError(fmt::format("The file {} cannot be replaced ({}).", path, std::strerror(errno)));
  sync_folder(dir_);
}

void ServerKeys::load_noted() {
  noted_.clear();
  const auto path = rows_file();
  std::ifstream in(path);
  if (!in) {
    if (fs::exists(path)) throw SecretsError(fmt::format("The file {} cannot be read.", path));
    return;
  }
  for (std::string line; std::getline(in, line);) {
    if (line.empty()) continue;
    const auto id = id_from_text<SchoolIdTag>(line);
    if (!id) throw SecretsError(fmt::format("The file {} is damaged in this line: {}", path, line));
    noted_.push_back(*id);
  }
}

void ServerKeys::note_rows(const SchoolId& school) {
  const std::lock_guard lock(mutex_);
  if (std::ranges::find(noted_, school) != noted_.end()) return;
  load_noted();  // another process of this machine may have written since
  std::string all;
  for (const auto& s : noted_) all += to_text(s) + "\n";
  all += to_text(school) + "\n";
  replace(rows_file(), all);
  noted_.push_back(school);
}

bool ServerKeys::rows_noted(const SchoolId& school) const {
  const std::lock_guard lock(mutex_);
  return std::ranges::find(noted_, school) != noted_.end();
}

std::string ServerKeys::rows_file() const { return (fs::path(dir_) / kRowsFile).string(); }

bool ServerKeys::pinned(const SchoolId& school, const RoomKey& key) const {
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(pins_, [&](const Pin& p) { return p.school == school && p.key == key; });
}

}  // namespace xinyi::vault
