#include "identity/schools.hpp"

namespace xinyi::identity {
namespace {
std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto comma = text.find(',');
    out.emplace_back(text.substr(0, comma));
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
  }
  return out;
}
}  // namespace

std::shared_ptr<const School> Schools::of(const SchoolId& id) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto it = known_.find(id); it != known_.end()) return it->second;
  }
  auto loaded = db_.read(id, [&](storage::ReadTx& tx) -> std::shared_ptr<const School> {
    auto row = tx.one("SELECT code, name, stages, zone, demo, state, help_place, help_hours, help_people FROM schools WHERE id = ?1", id);
    auto key = vault::load_data_key(tx, keys_);
    if (!row || !key) return nullptr;
    auto zone = Zone::named(row->get<std::string>(3));
    invariant(zone.has_value(), "unknown zone in storage");
    return std::make_shared<const School>(School{id, row->get<std::string>(0), row->get<std::string>(1), split(row->get<std::string_view>(2)),
                                                 *zone, row->get<bool>(4), row->get<std::string_view>(5) == "open", row->get<std::string>(6),
                                                 row->get<std::string>(7), row->get<std::string>(8), std::move(*key)});
  });
  if (!loaded) throw Refusal(Code::not_found);
  if (!loaded->open) return loaded;  // another process may open it at any moment
  const std::lock_guard lock(mutex_);
  return known_[id] = std::move(loaded);
}

std::vector<SchoolId> Schools::all() {
  return db_.read(SchoolId{}, [](storage::ReadTx& tx) {
    std::vector<SchoolId> out;
    for (auto row : tx.query("SELECT id FROM schools ORDER BY created_at, id")) out.push_back(row.get<SchoolId>(0));
    return out;
  });
}

std::shared_ptr<const School> Schools::named(std::string_view code) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto it = code.empty() ? known_.find(only_) : known_.end(); it != known_.end()) return it->second;
  }
  std::shared_ptr<const School> found;
  const auto ids = all();
  if (ids.size() == 1) {
    const std::lock_guard lock(mutex_);
    only_ = ids.front();
  }
  for (const auto& id : ids) {
    auto school = of(id);
    if (code.empty() ? found != nullptr : school->code != code) {
      if (code.empty()) return nullptr;  // several schools and no name
      continue;
    }
    found = std::move(school);
  }
  return found;
}

void Schools::forget(const SchoolId& id) {
  const std::lock_guard lock(mutex_);
  known_.erase(id);
  only_ = SchoolId{};
}
}  // namespace xinyi::identity
