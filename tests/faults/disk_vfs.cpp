#include "disk_vfs.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <utility>

namespace xinyi::faults {
namespace {
using Content = std::vector<std::uint8_t>;
struct Change {
  enum class Kind { write, truncate, remove } kind;
  std::size_t at;  // offset, or the new length
  Content data;
};

void apply(std::optional<Content>& content, const Change& c, std::size_t length) {
  if (c.kind == Change::Kind::remove) {
    content.reset();
    return;
  }
  if (!content) content.emplace();
  if (c.kind == Change::Kind::truncate) {
    content->resize(std::min(content->size(), c.at));
  } else {
    if (content->size() < c.at + length) content->resize(c.at + length);
    std::copy_n(c.data.begin(), length, content->begin() + static_cast<std::ptrdiff_t>(c.at));
  }
}
}  // namespace

struct DiskFile {
  std::optional<Content> seen;     // what programs read
  std::optional<Content> durable;  // what is on the platter
  std::vector<Change> unsynced;
  bool new_in_folder = false;  // its first sync also syncs the folder, as the engine does on a real disk
  // Shared memory and locks belong to the running machine, not to the disk.
  std::vector<std::unique_ptr<std::array<std::uint8_t, 32768>>> memory;
  std::array<int, SQLITE_SHM_NLOCK> shared{};
  std::array<const void*, SQLITE_SHM_NLOCK> exclusive{};
  std::map<const void*, int> locks;
};

struct Handle {
  sqlite3_file base;
  Disk* disk;
  std::shared_ptr<DiskFile>* file;
  unsigned shm_shared;
};

/// The functions that the engine calls.
struct Vfs {
  static Handle* of(sqlite3_file* f) { return reinterpret_cast<Handle*>(f); }
  static DiskFile& file(sqlite3_file* f) { return **of(f)->file; }

  static int close(sqlite3_file* f) {
    const std::lock_guard lock(of(f)->disk->mutex_);
    file(f).locks.erase(f);
    delete of(f)->file;
    return SQLITE_OK;
  }

  static int read(sqlite3_file* f, void* out, int n, sqlite3_int64 at) {
    const std::lock_guard lock(of(f)->disk->mutex_);
    if (of(f)->disk->dead_) return SQLITE_IOERR_READ;
    const auto& seen = file(f).seen;
    const auto size = seen ? static_cast<sqlite3_int64>(seen->size()) : 0;
    const auto have = std::clamp<sqlite3_int64>(size - at, 0, n);
    if (have > 0) std::memcpy(out, seen->data() + at, static_cast<std::size_t>(have));
    if (have == n) return SQLITE_OK;
    std::memset(static_cast<char*>(out) + have, 0, static_cast<std::size_t>(n - have));
    return SQLITE_IOERR_SHORT_READ;
  }

  static int write(sqlite3_file* f, const void* data, int n, sqlite3_int64 at) {
    auto& disk = *of(f)->disk;
    const std::lock_guard lock(disk.mutex_);
    if (disk.dead_) return SQLITE_IOERR_WRITE;
    const auto size = file(f).seen ? static_cast<std::int64_t>(file(f).seen->size()) : 0;
    if (at + n > size && disk.used() + at + n - size > disk.capacity_) return SQLITE_FULL;
    const auto* bytes = static_cast<const std::uint8_t*>(data);
    Change c{Change::Kind::write, static_cast<std::size_t>(at), Content(bytes, bytes + n)};
    apply(file(f).seen, c, c.data.size());
    file(f).unsynced.push_back(std::move(c));
    return disk.step() ? SQLITE_OK : SQLITE_IOERR_WRITE;
  }

  static int truncate(sqlite3_file* f, sqlite3_int64 size) {
    auto& disk = *of(f)->disk;
    const std::lock_guard lock(disk.mutex_);
    if (disk.dead_) return SQLITE_IOERR_TRUNCATE;
    Change c{Change::Kind::truncate, static_cast<std::size_t>(size), {}};
    apply(file(f).seen, c, 0);
    file(f).unsynced.push_back(std::move(c));
    return disk.step() ? SQLITE_OK : SQLITE_IOERR_TRUNCATE;
  }

  static int sync(sqlite3_file* f, int) {
    auto& disk = *of(f)->disk;
    const std::lock_guard lock(disk.mutex_);
    if (disk.dead_) return SQLITE_IOERR_FSYNC;
    if (std::exchange(disk.sync_fails_, false)) return SQLITE_IOERR_FSYNC;
    if (!disk.step()) return SQLITE_IOERR_FSYNC;  // cut within the sync: nothing is certain
    if (disk.lies_) return SQLITE_OK;
    file(f).durable = file(f).seen;
    file(f).unsynced.clear();
    if (std::exchange(file(f).new_in_folder, false)) sync_folder(disk);
    return SQLITE_OK;
  }
  /// Deletions are on the platter now.
  static void sync_folder(Disk& disk) {
    for (auto& [name, d] : disk.files_) {
      auto& list = d->unsynced;
      const auto last =
          std::find_if(list.rbegin(), list.rend(), [](const Change& c) { return c.kind == Change::Kind::remove; });
      if (last == list.rend()) continue;
      d->durable.reset();
      list.erase(list.begin(), last.base());
    }
  }

  static int size(sqlite3_file* f, sqlite3_int64* out) {
    const std::lock_guard lock(of(f)->disk->mutex_);
    if (of(f)->disk->dead_) return SQLITE_IOERR_FSTAT;
    *out = file(f).seen ? static_cast<sqlite3_int64>(file(f).seen->size()) : 0;
    return SQLITE_OK;
  }

  static int lock(sqlite3_file* f, int level) {
    const std::lock_guard guard(of(f)->disk->mutex_);
    auto& locks = file(f).locks;
    int highest = SQLITE_LOCK_NONE;
    for (const auto& [who, held] : locks) {
      if (who != f) highest = std::max(highest, held);
    }
    const bool free = level == SQLITE_LOCK_SHARED     ? highest < SQLITE_LOCK_PENDING
                      : level == SQLITE_LOCK_RESERVED ? highest < SQLITE_LOCK_RESERVED
                                                      : highest == SQLITE_LOCK_NONE;
    if (!free) return SQLITE_BUSY;
    locks[f] = std::max(locks[f], level);
    return SQLITE_OK;
  }
  static int unlock(sqlite3_file* f, int level) {
    const std::lock_guard guard(of(f)->disk->mutex_);
    auto& held = file(f).locks[f];
    held = std::min(held, level);
    return SQLITE_OK;
  }
  static int reserved(sqlite3_file* f, int* out) {
    const std::lock_guard guard(of(f)->disk->mutex_);
    *out = 0;
    for (const auto& [who, held] : file(f).locks) *out |= held >= SQLITE_LOCK_RESERVED;
    return SQLITE_OK;
  }
  static int control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
  static int sector(sqlite3_file*) { return 4096; }
  // The same promise that the engine assumes of real disks: a cut within a write harms no byte beside it.
  static int traits(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

  static int shm_map(sqlite3_file* f, int region, int bytes, int extend, void volatile** out) {
    const std::lock_guard guard(of(f)->disk->mutex_);
    auto& memory = file(f).memory;
    *out = nullptr;
    if (bytes != 32768) return SQLITE_IOERR_SHMMAP;
    while (static_cast<int>(memory.size()) <= region) {
      if (!extend) return SQLITE_OK;
      memory.push_back(std::make_unique<std::array<std::uint8_t, 32768>>());
      memory.back()->fill(0);
    }
    *out = memory[static_cast<std::size_t>(region)]->data();
    return SQLITE_OK;
  }

  static int shm_lock(sqlite3_file* f, int first, int n, int flags) {
    const std::lock_guard guard(of(f)->disk->mutex_);
    auto& d = file(f);
    auto& mine = of(f)->shm_shared;
    const auto each = [&](auto work) {
      for (int i = first; i < first + n; ++i) work(static_cast<std::size_t>(i), 1u << i);
    };
    if (flags & SQLITE_SHM_UNLOCK) {
      each([&](std::size_t i, unsigned bit) {
        if ((mine & bit) != 0) --d.shared[i];
        mine &= ~bit;
        if (d.exclusive[i] == f) d.exclusive[i] = nullptr;
      });
      return SQLITE_OK;
    }
    bool free = true;
    const bool wants_all = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
    each([&](std::size_t i, unsigned bit) {
      const int others = d.shared[i] - ((mine & bit) != 0 ? 1 : 0);
      if (d.exclusive[i] && d.exclusive[i] != f) free = false;
      if (wants_all && others > 0) free = false;
    });
    if (!free) return SQLITE_BUSY;
    each([&](std::size_t i, unsigned bit) {
      if (wants_all) {
        d.exclusive[i] = f;
      } else if ((mine & bit) == 0) {
        ++d.shared[i];
        mine |= bit;
      }
    });
    return SQLITE_OK;
  }
  static void shm_barrier(sqlite3_file* f) { const std::lock_guard guard(of(f)->disk->mutex_); }
  static int shm_unmap(sqlite3_file* f, int forget) {
    shm_lock(f, 0, SQLITE_SHM_NLOCK, SQLITE_SHM_UNLOCK | SQLITE_SHM_SHARED);
    const std::lock_guard guard(of(f)->disk->mutex_);
    if (forget) file(f).memory.clear();
    return SQLITE_OK;
  }

  static Disk& disk(sqlite3_vfs* v) { return *static_cast<Disk*>(v->pAppData); }

  static int open(sqlite3_vfs* v, const char* name, sqlite3_file* f, int flags, int* out_flags) {
    static const sqlite3_io_methods methods{2,        close,       read,      write,   truncate, sync,   size,
                                            lock,     unlock,      reserved,  control, sector,   traits, shm_map,
                                            shm_lock, shm_barrier, shm_unmap, nullptr, nullptr};
    auto& d = disk(v);
    const std::lock_guard guard(d.mutex_);
    f->pMethods = nullptr;
    if (d.dead_) return SQLITE_CANTOPEN;
    auto& entry = d.files_[name ? name : "temporary"];
    if (!entry) entry = std::make_shared<DiskFile>();
    if (!entry->seen) {
      if ((flags & SQLITE_OPEN_CREATE) == 0) return SQLITE_CANTOPEN;
      entry->seen.emplace();
      entry->new_in_folder = (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0;
    }
    of(f)->disk = &d;
    of(f)->file = new std::shared_ptr<DiskFile>(entry);
    of(f)->shm_shared = 0;
    f->pMethods = &methods;
    if (out_flags) *out_flags = flags;
    return SQLITE_OK;
  }
  static int remove(sqlite3_vfs* v, const char* name, int lasting) {
    auto& d = disk(v);
    const std::lock_guard guard(d.mutex_);
    if (d.dead_) return SQLITE_IOERR_DELETE;
    const auto it = d.files_.find(name);
    if (it == d.files_.end() || !it->second->seen) return SQLITE_IOERR_DELETE_NOENT;
    it->second->seen.reset();
    it->second->unsynced.push_back({Change::Kind::remove, 0, {}});
    if (!d.step()) return SQLITE_IOERR_DELETE;
    if (lasting) sync_folder(d);
    return SQLITE_OK;
  }
  static int access(sqlite3_vfs* v, const char* name, int, int* out) {
    auto& d = disk(v);
    const std::lock_guard guard(d.mutex_);
    const auto it = d.files_.find(name);
    *out = it != d.files_.end() && it->second->seen ? 1 : 0;
    return SQLITE_OK;
  }
  static int full_name(sqlite3_vfs*, const char* name, int n, char* out) {
    sqlite3_snprintf(n, out, "%s", name);
    return SQLITE_OK;
  }
  static sqlite3_vfs* system() { return sqlite3_vfs_find(nullptr); }
  static int randomness(sqlite3_vfs*, int n, char* out) { return system()->xRandomness(system(), n, out); }
  static int sleep(sqlite3_vfs*, int micros) { return micros; }
  static int now(sqlite3_vfs*, double* out) { return system()->xCurrentTime(system(), out); }
  static int last_error(sqlite3_vfs*, int, char*) { return 0; }
};

Disk::Disk(std::string name) : name_(std::move(name)) {
  auto* v = new sqlite3_vfs{};
  v->iVersion = 1;
  v->szOsFile = sizeof(Handle);
  v->mxPathname = 256;
  v->zName = name_.c_str();
  v->pAppData = this;
  v->xOpen = Vfs::open;
  v->xDelete = Vfs::remove;
  v->xAccess = Vfs::access;
  v->xFullPathname = Vfs::full_name;
  v->xRandomness = Vfs::randomness;
  v->xSleep = Vfs::sleep;
  v->xCurrentTime = Vfs::now;
  v->xGetLastError = Vfs::last_error;
  sqlite3_vfs_register(v, 0);
  registration_ = std::shared_ptr<void>(v, [](void* p) {
    sqlite3_vfs_unregister(static_cast<sqlite3_vfs*>(p));
    delete static_cast<sqlite3_vfs*>(p);
  });
}
Disk::~Disk() = default;

bool Disk::step() {
  ++steps_;
  if (cut_at_ != 0 && steps_ >= cut_at_) dead_ = true;
  return !dead_;
}

std::int64_t Disk::used() const {
  std::int64_t n = aside_;
  for (const auto& [name, f] : files_) n += f->seen ? static_cast<std::int64_t>(f->seen->size()) : 0;
  return n;
}

void Disk::wipe() {
  const std::lock_guard lock(mutex_);
  files_.clear();
  steps_ = cut_at_ = aside_ = 0;
  capacity_ = INT64_MAX;
  dead_ = lies_ = sync_fails_ = false;
}
void Disk::cut_power_at(std::int64_t step) {
  const std::lock_guard lock(mutex_);
  cut_at_ = step == 0 ? 0 : steps_ + step;
}
std::int64_t Disk::steps() const {
  const std::lock_guard lock(mutex_);
  return steps_;
}
bool Disk::dead() const {
  const std::lock_guard lock(mutex_);
  return dead_;
}
void Disk::set_capacity(std::int64_t bytes) {
  const std::lock_guard lock(mutex_);
  capacity_ = bytes;
}
void Disk::fill_up(std::int64_t more) {
  const std::lock_guard lock(mutex_);
  capacity_ = used() + more;
}
bool Disk::set_aside(std::int64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (bytes > 0 && used() - aside_ + bytes > capacity_) return false;
  aside_ = bytes;
  return true;
}
void Disk::fail_next_sync() {
  const std::lock_guard lock(mutex_);
  sync_fails_ = true;
}
void Disk::set_lying(bool lies) {
  const std::lock_guard lock(mutex_);
  lies_ = lies;
}

void Disk::reboot(Unsynced rest, std::mt19937_64& random) {
  const std::lock_guard lock(mutex_);
  std::map<std::string, std::shared_ptr<DiskFile>> after;
  for (const auto& [name, f] : files_) {
    auto content = f->durable;
    for (const auto& c : f->unsynced) {
      if (rest == Unsynced::none || random() % 2 == 0) continue;  // also later ones without the earlier: disks reorder
      auto length = c.data.size();
      if (rest == Unsynced::torn && c.kind == Change::Kind::write && length > 0 && random() % 2 == 0) {
        length = random() % length;
      }
      apply(content, c, length);
    }
    auto fresh = std::make_shared<DiskFile>();
    fresh->seen = content;
    fresh->durable = content;
    after.emplace(name, std::move(fresh));
  }
  files_ = std::move(after);
  cut_at_ = 0;
  dead_ = false;
}

}  // namespace xinyi::faults
