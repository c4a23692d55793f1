#include "features/people/source.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <set>
#include <unordered_map>

namespace xinyi::people {
namespace fs = std::filesystem;
namespace {

class PathSource final : public ByteSource {
 public:
  PathSource(const std::string& path, std::string name) : name_(std::move(name)) {
    fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat st {};
    if (fd_ < 0 || ::fstat(fd_, &st) != 0 || !S_ISREG(st.st_mode)) {
      if (fd_ >= 0) ::close(fd_);
      throw Unreadable(Fault::file_missing, {name_, 0});
    }
  }
  ~PathSource() override { ::close(fd_); }
  PathSource(const PathSource&) = delete;
  PathSource& operator=(const PathSource&) = delete;
  std::size_t read(std::span<char> out) override {
    ssize_t n;
    do n = ::read(fd_, out.data(), out.size());
    while (n < 0 && errno == EINTR);
    if (n < 0) throw Unreadable(Fault::file_missing, {name_, 0});
    total_ += static_cast<std::uint64_t>(n);
    if (total_ > kMaxExpanded) throw Unreadable(Fault::zip_too_large, {name_, 0});
    return static_cast<std::size_t>(n);
  }

 private:
  std::string name_;
  int fd_ = -1;
  std::uint64_t total_ = 0;
};

class Folder final : public FileSet {
 public:
  explicit Folder(const std::string& path) : path_(path) {
    std::error_code ec;
    for (const auto& entry : fs::directory_iterator(path, ec)) {
      if (!entry.is_regular_file(ec) || entry.is_symlink(ec)) continue;
      if (names_.size() >= kMaxEntries) throw Unreadable(Fault::zip_too_large, {});
      names_.push_back(entry.path().filename().string());
    }
    std::sort(names_.begin(), names_.end());
  }
  std::vector<std::string> names() const override { return names_; }
  std::unique_ptr<ByteSource> open(const std::string& name) override {
    if (!has(name)) throw Unreadable(Fault::file_missing, {name, 0});
    return std::make_unique<PathSource>(path_ + "/" + name, name);
  }

 private:
  std::string path_;
  std::vector<std::string> names_;
};

class Single final : public FileSet {
 public:
  explicit Single(const std::string& path) : path_(path), name_(fs::path(path).filename().string()) {}
  Single(std::string name, std::string_view bytes) : name_(std::move(name)), bytes_(bytes) {}
  std::vector<std::string> names() const override { return {name_}; }
  std::unique_ptr<ByteSource> open(const std::string& name) override {
    if (name != name_) throw Unreadable(Fault::file_missing, {name, 0});
    if (path_.empty()) return std::make_unique<MemorySource>(bytes_);
    return std::make_unique<PathSource>(path_, name_);
  }

 private:
  std::string path_, name_;
  std::string_view bytes_;
};

struct CloseZip {
  void operator()(zip_t* z) const { zip_discard(z); }
};
using Zip = std::unique_ptr<zip_t, CloseZip>;

/// Reads one entry, at most as much as the directory of the archive declared.
class ZipSource final : public ByteSource {
 public:
  ZipSource(zip_t* zip, zip_uint64_t index, std::uint64_t size, std::string name)
      : name_(std::move(name)), left_(size) {
    file_ = zip_fopen_index(zip, index, 0);
    if (!file_) throw Unreadable(Fault::zip_damaged, {name_, 0});
  }
  ~ZipSource() override { zip_fclose(file_); }
  ZipSource(const ZipSource&) = delete;
  ZipSource& operator=(const ZipSource&) = delete;
  std::size_t read(std::span<char> out) override {
    const auto n = zip_fread(file_, out.data(), out.size());
    if (n < 0 || static_cast<std::uint64_t>(n) > left_) throw Unreadable(Fault::zip_damaged, {name_, 0});
    left_ -= static_cast<std::uint64_t>(n);
    if (n == 0 && left_ > 0) throw Unreadable(Fault::zip_damaged, {name_, 0});
    return static_cast<std::size_t>(n);
  }

 private:
  std::string name_;
  zip_file_t* file_ = nullptr;
  std::uint64_t left_;
};

bool safe_name(std::string_view name) {
  if (name.empty() || name.size() > 255 || name[0] == '/' || name.find('\\') != name.npos ||
      name.find(':') != name.npos)
    return false;
  for (char c : name)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return false;
  for (std::size_t at = 0; at <= name.size();) {
    const auto end = std::min(name.find('/', at), name.size());
    const auto part = name.substr(at, end - at);
    if (part == ".." || part == ".") return false;
    at = end + 1;
  }
  return true;
}

class Archive final : public FileSet {
 public:
  explicit Archive(const std::string& path) {
    int error = 0;
    zip_.reset(zip_open(path.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &error));
    list();
  }
  explicit Archive(std::string_view bytes) {
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
    if (source) {
      zip_.reset(zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error));
      if (!zip_) zip_source_free(source);
    }
    zip_error_fini(&error);
    list();
  }
  std::vector<std::string> names() const override {
    std::vector<std::string> out;
    for (const auto& [name, entry] : entries_) out.push_back(name);
    std::sort(out.begin(), out.end());
    return out;
  }
  std::unique_ptr<ByteSource> open(const std::string& name) override {
    const auto at = entries_.find(name);
    if (at == entries_.end()) throw Unreadable(Fault::file_missing, {name, 0});
    return std::make_unique<ZipSource>(zip_.get(), at->second.index, at->second.size, name);
  }

 private:
  struct Entry {
    zip_uint64_t index;
    std::uint64_t size;
  };

  void list() {
    if (!zip_) throw Unreadable(Fault::zip_damaged, {});
    const auto count = zip_get_num_entries(zip_.get(), 0);
    if (count < 0 || static_cast<std::size_t>(count) > kMaxEntries) throw Unreadable(Fault::zip_too_large, {});
    std::uint64_t expanded = 0;
    std::set<std::string> folders;
    for (zip_uint64_t i = 0; i < static_cast<zip_uint64_t>(count); ++i) {
      const auto st = checked(i);
      const std::string name = st.name;
      expanded += st.size;
      if (expanded > kMaxExpanded) throw Unreadable(Fault::zip_too_large, {name, 0});
      if (name.ends_with('/') || name.starts_with("__MACOSX/") || name.ends_with(".DS_Store")) continue;
      folders.insert(name.find('/') == name.npos ? "" : name.substr(0, name.find('/') + 1));
      if (!entries_.emplace(name, Entry{i, st.size}).second) throw Unreadable(Fault::zip_path, {name, 0});
    }
    // People zip the folder instead of its files: one common folder is taken off.
    if (folders.size() == 1 && !folders.begin()->empty()) {
      std::unordered_map<std::string, Entry> bare;
      for (const auto& [name, entry] : entries_) bare.emplace(name.substr(folders.begin()->size()), entry);
      entries_ = std::move(bare);
    }
  }

  zip_stat_t checked(zip_uint64_t i) const {
    zip_stat_t st;
    zip_stat_init(&st);
    constexpr auto kNeeded =
        ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
    if (zip_stat_index(zip_.get(), i, ZIP_FL_ENC_GUESS, &st) != 0 || (st.valid & kNeeded) != kNeeded || !st.name)
      throw Unreadable(Fault::zip_damaged, {});
    const std::string name = st.name;
    if (!safe_name(name)) throw Unreadable(Fault::zip_path, {name, 0});
    zip_uint8_t system = 0;
    zip_uint32_t attributes = 0;
    if (zip_file_get_external_attributes(zip_.get(), i, 0, &system, &attributes) == 0 && system == ZIP_OPSYS_UNIX &&
        S_ISLNK(static_cast<mode_t>(attributes >> 16)))
      throw Unreadable(Fault::zip_path, {name, 0});
    if (st.encryption_method != ZIP_EM_NONE) throw Unreadable(Fault::zip_encrypted, {name, 0});
    if (st.comp_method != ZIP_CM_STORE && st.comp_method != ZIP_CM_DEFLATE)
      throw Unreadable(Fault::zip_damaged, {name, 0});
    if (st.size > (1u << 20) && st.size / std::max<zip_uint64_t>(st.comp_size, 1) > kMaxRatio)
      throw Unreadable(Fault::zip_too_large, {name, 0});
    return st;
  }

  Zip zip_;
  std::unordered_map<std::string, Entry> entries_;
};

}  // namespace

std::size_t MemorySource::read(std::span<char> out) {
  const auto n = std::min(out.size(), rest_.size());
  std::memcpy(out.data(), rest_.data(), n);
  rest_.remove_prefix(n);
  return n;
}

bool FileSet::has(std::string_view name) const {
  const auto all = names();
  return std::find(all.begin(), all.end(), name) != all.end();
}

std::unique_ptr<FileSet> open_folder(const std::string& path) { return std::make_unique<Folder>(path); }
std::unique_ptr<FileSet> open_zip(const std::string& path) { return std::make_unique<Archive>(path); }
std::unique_ptr<FileSet> open_zip_bytes(std::string_view bytes) { return std::make_unique<Archive>(bytes); }
std::unique_ptr<FileSet> open_single(const std::string& path) { return std::make_unique<Single>(path); }
std::unique_ptr<FileSet> single_bytes(std::string name, std::string_view bytes) {
  return std::make_unique<Single>(std::move(name), bytes);
}

FileKind kind_of(const std::string& path) {
  std::error_code ec;
  if (fs::is_directory(path, ec)) return FileKind::folder;
  PathSource source(path, fs::path(path).filename().string());
  std::array<char, 8> head{};
  const auto n = source.read(head);
  const std::string_view start(head.data(), n);
  if (start.starts_with("PK\x03\x04") || start.starts_with("PK\x05\x06")) {
    const auto zip = open_zip(path);
    return zip->has("[Content_Types].xml") ? FileKind::xlsx : FileKind::zip;
  }
  // Old .xls, PDF and pictures are no text.
  if (start.starts_with("\xD0\xCF\x11\xE0") || start.starts_with("%PDF") || start.starts_with("\x89PNG") ||
      start.starts_with("\xFF\xD8"))
    return FileKind::unknown;
  return n == 0 ? FileKind::unknown : FileKind::csv;
}

}  // namespace xinyi::people
