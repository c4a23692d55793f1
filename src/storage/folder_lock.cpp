#include "storage/folder_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "storage/database.hpp"

namespace xinyi::storage {
namespace {
std::string holder_of(int fd) {
  std::array<char, 16> text{};
  const auto n = ::pread(fd, text.data(), text.size() - 1, 0);
  std::string pid;
  for (ssize_t i = 0; i < n && text[static_cast<std::size_t>(i)] >= '0' && text[static_cast<std::size_t>(i)] <= '9';
       ++i)
    pid += text[static_cast<std::size_t>(i)];
  return pid.empty() ? std::string("another process") : "process " + pid;
}
}  // namespace

FolderLock::FolderLock(const std::string& folder) {
  const auto path = folder + "/lock";
  // The file stays when the lock is given back: removing it would let two programs lock two files of one name.
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd_ < 0) {
    throw OperatorError(
        fmt::format("The data folder {} cannot be used ({}). Check that it exists and belongs to the user "
                    "that runs the program.",
                    folder, std::strerror(errno)));
  }
  if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    const auto holder = holder_of(fd_);
    ::close(std::exchange(fd_, -1));
    throw OperatorError(
        fmt::format("The data folder {} is in use by {}. Stop that program first, or give this one another "
                    "folder with --data.",
                    folder, holder));
  }
  const auto pid = std::to_string(::getpid()) + "\n";
  // Only for the sentence above; the lock itself does not depend on it.
  if (::ftruncate(fd_, 0) != 0 || ::pwrite(fd_, pid.data(), pid.size(), 0) < 0) return;
}

FolderLock::~FolderLock() {
  if (fd_ >= 0) ::close(fd_);
}

FolderLock::FolderLock(FolderLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

FolderLock& FolderLock::operator=(FolderLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

}  // namespace xinyi::storage
