// One owner for a data folder: two programs that write the same files would damage them.
#pragma once
#include <string>

namespace xinyi::storage {

/// Holds <folder>/lock exclusively until it is destroyed or the process ends, however it ends.
class FolderLock {
 public:
  /// OperatorError when another process holds it (the sentence names its process id) or the folder cannot be written.
  explicit FolderLock(const std::string& folder);
  ~FolderLock();
  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&& other) noexcept;

 private:
  int fd_ = -1;
};

}  // namespace xinyi::storage
