// Template bodies of database.hpp.
#pragma once
#include <future>

#include "kernel/problem.hpp"
#include "storage/database.hpp"

namespace xinyi::storage {

namespace detail {
template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <class T>
struct IsId : std::false_type {};
template <class Tag>
struct IsId<Id<Tag>> : std::true_type {};
template <class T>
struct IsFixed : std::false_type {};
template <std::size_t N>
struct IsFixed<Fixed<N>> : std::true_type {};

/// Suspends until an engine thread has run the work, then goes on at the executor.
template <class R, class Start>
struct Await {
  Start start;
  Executor& executor;
  std::conditional_t<std::is_void_v<R>, std::monostate, std::optional<R>> value{};
  std::exception_ptr error{};
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> h) {
    start(*this, [this, h](std::exception_ptr e) {
      error = std::move(e);
      executor.post(h);
    });
  }
  R await_resume() {
    if (error) std::rethrow_exception(error);
    if constexpr (!std::is_void_v<R>) return std::move(*value);
  }
};
}  // namespace detail

template <class T>
T Row::get(int column) const {
  if constexpr (detail::IsOptional<T>::value) {
    if (c_->null(column)) return std::nullopt;
    return T(get<typename T::value_type>(column));
  } else if constexpr (std::is_same_v<T, bool>) {
    return c_->integer(column) != 0;
  } else if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(c_->integer(column));
  } else if constexpr (std::is_floating_point_v<T>) {
    return c_->real(column);
  } else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::string_view>) {
    return T(c_->text(column));
  } else if constexpr (std::is_same_v<T, Bytes>) {
    const auto v = c_->blob(column);
    return Bytes(v.begin(), v.end());
  } else if constexpr (std::is_same_v<T, View>) {
    return c_->blob(column);
  } else if constexpr (detail::IsFixed<T>::value) {
    const auto v = c_->blob(column);
    T out;
    invariant(v.size() == out.size(), "stored value of another length");
    std::copy(v.begin(), v.end(), out.begin());
    return out;
  } else if constexpr (detail::IsId<T>::value) {
    const auto id = T::from_bytes(c_->blob(column));
    invariant(id.has_value(), "stored id of another length");
    return *id;
  } else if constexpr (std::is_same_v<T, Instant>) {
    return Instant{c_->integer(column)};
  } else if constexpr (std::is_same_v<T, SchoolDate>) {
    return SchoolDate::from_day_number(static_cast<int>(c_->integer(column)));
  } else if constexpr (std::is_same_v<T, WallTime>) {
    return WallTime{static_cast<int>(c_->integer(column))};
  } else {
    static_assert(sizeof(T) == 0, "no stored form for this type");
  }
}

template <class F>
auto Database::write(const SchoolId& school, F&& work, Weight weight) -> std::invoke_result_t<F, WriteTx&> {
  using R = std::invoke_result_t<F, WriteTx&>;
  // Shared: the waiting thread may go on, and leave, while set_value is still returning on the engine's thread.
  const auto promise = std::make_shared<std::promise<void>>();
  const auto done = [promise](std::exception_ptr e) {
    if (e)
      promise->set_exception(std::move(e));
    else
      promise->set_value();
  };
  if constexpr (std::is_void_v<R>) {
    write_later(
        school, [&](WriteTx& tx) { work(tx); }, done, weight);
    promise->get_future().get();
  } else {
    std::optional<R> out;
    write_later(
        school,
        [&](WriteTx& tx) {
          out.reset();
          out.emplace(work(tx));
        },
        done, weight);
    promise->get_future().get();
    return std::move(*out);
  }
}

template <class F>
auto Database::write_task(const SchoolId& school, Executor& executor, F work, Weight weight)
    -> Task<std::invoke_result_t<F, WriteTx&>> {
  using R = std::invoke_result_t<F, WriteTx&>;
  auto start = [&](auto& self, Done done) {
    write_later(
        school,
        [&self, &work](WriteTx& tx) {
          if constexpr (std::is_void_v<R>)
            work(tx);
          else {
            self.value.reset();
            self.value.emplace(work(tx));
          }
        },
        std::move(done), weight);
  };
  detail::Await<R, decltype(start)> await{start, executor};
  co_return co_await await;
}

template <class F>
auto Database::read_task(const SchoolId& school, Executor& executor, F work) -> Task<std::invoke_result_t<F, ReadTx&>> {
  using R = std::invoke_result_t<F, ReadTx&>;
  if (!reads_block()) co_return read(school, work);
  auto start = [&](auto& self, Done done) {
    read_later(
        school,
        [&self, &work](ReadTx& tx) {
          if constexpr (std::is_void_v<R>)
            work(tx);
          else
            self.value.emplace(work(tx));
        },
        std::move(done));
  };
  detail::Await<R, decltype(start)> await{start, executor};
  co_return co_await await;
}

}  // namespace xinyi::storage
