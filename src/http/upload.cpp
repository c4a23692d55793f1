#include "http/upload.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>

#include "kernel/log.hpp"
#include "kernel/random.hpp"

namespace xinyi::http {
namespace {
constexpr std::size_t kPiece = 64 * 1024;

struct Fd {
  int fd;
  ~Fd() { if (fd >= 0) ::close(fd); }
};

[[noreturn]] void refuse(int error) {
  if (error == ENOSPC || error == EDQUOT) throw Refusal(Code::storage_full, "upload");
  log::write(log::Message::upload_failed, {{"errno", error}});
  throw Refusal(Code::unavailable, "upload could not be written");
}

void write_all(int fd, const char* data, std::size_t size) {
  while (size > 0) {
    const auto n = ::write(fd, data, size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) refuse(errno);
    data += n;
    size -= static_cast<std::size_t>(n);
  }
}
}  // namespace

Task<void> receive_upload(Body& body, const std::string& data_dir, std::size_t limit, std::string& path) {
  const auto folder = data_dir + "/uploads";
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) refuse(errno);
  SystemRandom random;
  const auto name = folder + "/" + to_hex(random.bytes<16>());
  Fd file{::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (file.fd < 0) refuse(errno);
  path = name;
  const auto piece = std::make_unique<char[]>(kPiece);
  std::size_t size = 0;
  while (const auto n = co_await body.some(piece.get(), kPiece)) {
    size += n;
    if (size > limit) throw Refusal(Code::too_large);
    write_all(file.fd, piece.get(), n);
  }
  explicit_bzero(piece.get(), kPiece);
}

void discard_upload(const std::string& path) noexcept {
  if (!path.empty()) ::unlink(path.c_str());
}

void clear_uploads(const std::string& data_dir) {
  std::error_code ec;
  std::filesystem::remove_all(data_dir + "/uploads", ec);
}

void wipe_text(std::string& text) noexcept {
  explicit_bzero(text.data(), text.size());
  text.clear();
}
}  // namespace xinyi::http
