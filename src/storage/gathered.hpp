// Rows held in memory.
#pragma once
#include <variant>
#include <vector>

#include "kernel/problem.hpp"
#include "storage/database.hpp"

namespace xinyi::storage {

class Gathered final : public Cursor {
 public:
  using Cell = std::variant<std::monostate, std::int64_t, double, std::string, Bytes>;
  explicit Gathered(int columns) : columns_(columns) {}
  void add_null() { cells_.emplace_back(); }
  void add_integer(std::int64_t v) { cells_.emplace_back(std::in_place_type<std::int64_t>, v); }
  void add_real(double v) { cells_.emplace_back(std::in_place_type<double>, v); }
  void add_text(std::string_view v) { cells_.emplace_back(std::in_place_type<std::string>, v); }
  void add_blob(View v) { cells_.emplace_back(std::in_place_type<Bytes>, v.begin(), v.end()); }

  bool step() override {
    const auto width = static_cast<std::size_t>(columns_);
    if (width == 0 || next_ + width > cells_.size()) {
      next_ = cells_.size();
      row_ = nullptr;
      return false;
    }
    row_ = &cells_[next_];
    next_ += width;
    return true;
  }
  bool null(int c) const override { return std::holds_alternative<std::monostate>(cell(c)); }
  std::int64_t integer(int c) const override { return as<std::int64_t>(c); }
  double real(int c) const override {
    if (const auto* i = std::get_if<std::int64_t>(&cell(c))) return static_cast<double>(*i);
    return as<double>(c);
  }
  std::string_view text(int c) const override { return as<std::string>(c); }
  View blob(int c) const override { return as<Bytes>(c); }

 private:
  const Cell& cell(int c) const {
    invariant(row_ != nullptr && c >= 0 && c < columns_, "no such column, or no row");
    return row_[c];
  }
  template <class T>
  const T& as(int c) const {
    const auto* v = std::get_if<T>(&cell(c));
    invariant(v != nullptr, "a column was read as another type than it holds");
    return *v;
  }
  int columns_;
  std::vector<Cell> cells_;
  std::size_t next_ = 0;
  const Cell* row_ = nullptr;
};

}  // namespace xinyi::storage
