#include "storage/reserve.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "kernel/log.hpp"

namespace xinyi::storage {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

class FileReserve final : public Reserve {
 public:
  FileReserve(std::string path, std::int64_t bytes) : path_(std::move(path)), bytes_(bytes) {}

  std::int64_t bytes() const override { return bytes_; }

  Taken take() override {
    const Descriptor file(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (file.get() < 0) return no_room(errno) ? Taken::no_room : Taken::impossible;
    struct stat now {};
    if (::fstat(file.get(), &now) != 0) return Taken::impossible;
    const std::int64_t allocated = std::int64_t{now.st_blocks} * 512;  // st_blocks counts 512 bytes everywhere
    if (now.st_size > bytes_ && ::ftruncate(file.get(), bytes_) != 0) return Taken::impossible;
    if (now.st_size >= bytes_ && allocated >= bytes_) return Taken::whole;

    struct statvfs disk {};
    if (::fstatvfs(file.get(), &disk) != 0) return Taken::impossible;
    const auto available = static_cast<std::int64_t>(std::uint64_t{disk.f_bavail} * disk.f_frsize);
    if (available + allocated < bytes_ + bytes_ / 4) return empty(file.get()), Taken::no_room;
    int error = EINTR;
    while (error == EINTR) error = ::posix_fallocate(file.get(), 0, bytes_);
    if (error != 0) {
      empty(file.get());  // what was allocated before it failed would only be missing elsewhere
      return no_room(error) ? Taken::no_room : Taken::impossible;
    }
    ::fsync(file.get());  // should it not last, the next start takes it again
    return Taken::whole;
  }

  void give_back() noexcept override {
    const Descriptor file(::open(path_.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
    if (file.get() >= 0) empty(file.get());
  }

 private:
  static bool no_room(int error) { return error == ENOSPC || error == EDQUOT; }
  static void empty(int file) noexcept { (void)!::ftruncate(file, 0); }

  std::string path_;
  std::int64_t bytes_;
};

}  // namespace

std::unique_ptr<Reserve> file_reserve(std::string path, std::int64_t bytes) {
  return std::make_unique<FileReserve>(std::move(path), bytes);
}

SetAside::SetAside(std::shared_ptr<Reserve> reserve) : reserve_(std::move(reserve)) {
  if (!reserve_) return;
  state_ = take();
  if (spent()) log::write(log::Message::reserve_spent);
}

SetAside::State SetAside::take() {
  switch (reserve_->take()) {
    case Reserve::Taken::whole: return State::whole;
    case Reserve::Taken::no_room: return State::spent;
    case Reserve::Taken::impossible: break;
  }
  log::write(log::Message::reserve_impossible);
  return State::none;
}

bool SetAside::spend() noexcept {
  if (state_ != State::whole) return false;
  reserve_->give_back();
  state_ = State::spent;
  log::write(log::Message::reserve_spent);
  return true;
}

void SetAside::look() {
  if (!spent()) return;
  state_ = take();
  if (state_ == State::whole) log::write(log::Message::reserve_whole);
}

}  // namespace xinyi::storage
