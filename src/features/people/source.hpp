// Bytes to read, from a folder, a zip or a single file, with their caps.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "features/people/findings.hpp"

namespace xinyi::people {

/// Most that an archive may hold: entries, bytes after expansion, and expansion of one entry (above 1 MiB).
inline constexpr std::size_t kMaxEntries = 2000;
inline constexpr std::uint64_t kMaxExpanded = 256ull << 20;
inline constexpr std::uint64_t kMaxRatio = 200;

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Fills from the front; 0 at the end. Unreadable when the archive turns out damaged.
  virtual std::size_t read(std::span<char> out) = 0;
};

/// Bytes in memory; the caller keeps them.
class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(std::string_view bytes) : rest_(bytes) {}
  std::size_t read(std::span<char> out) override;

 private:
  std::string_view rest_;
};

/// A few files that belong together. Names are relative, with '/', and safe.
class FileSet {
 public:
  virtual ~FileSet() = default;
  virtual std::vector<std::string> names() const = 0;
  /// Each call reads from the start again. Unreadable(file_missing) when there is no such file.
  virtual std::unique_ptr<ByteSource> open(const std::string& name) = 0;
  bool has(std::string_view name) const;
};

/// Only the regular files right inside the folder.
std::unique_ptr<FileSet> open_folder(const std::string& path);
/// Refuses passwords, links, unsafe or repeated names, other compression than deflate, and archives above the caps.
std::unique_ptr<FileSet> open_zip(const std::string& path);
std::unique_ptr<FileSet> open_zip_bytes(std::string_view bytes);
/// One file under its own name.
std::unique_ptr<FileSet> open_single(const std::string& path);
std::unique_ptr<FileSet> single_bytes(std::string name, std::string_view bytes);

enum class FileKind { folder, zip, xlsx, csv, unknown };
/// By content, not by name: zip by its signature, xlsx by its parts; text is csv.
FileKind kind_of(const std::string& path);

}  // namespace xinyi::people
