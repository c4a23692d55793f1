// A lazily started coroutine. Handlers are Tasks: they read and write like plain code and give up the
// thread while a transaction is on its way to the disk.
#pragma once
#include <coroutine>
#include <exception>
#include <functional>
#include <optional>
#include <utility>

namespace xinyi {

template <class T>
class [[nodiscard]] Task;

namespace task_detail {
struct FinalAwaiter {
  bool await_ready() noexcept { return false; }
  template <class P>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<P> h) noexcept {
    return h.promise().continuation ? h.promise().continuation : std::noop_coroutine();
  }
  void await_resume() noexcept {}
};
struct PromiseBase {
  std::coroutine_handle<> continuation;
  std::exception_ptr error;
  std::suspend_always initial_suspend() noexcept { return {}; }
  FinalAwaiter final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { error = std::current_exception(); }
};
template <class T>
struct Promise : PromiseBase {
  std::optional<T> value;
  Task<T> get_return_object();
  template <class U>
  void return_value(U&& v) { value.emplace(std::forward<U>(v)); }
  T take() {
    if (error) std::rethrow_exception(error);
    return std::move(*value);
  }
};
template <>
struct Promise<void> : PromiseBase {
  Task<void> get_return_object();
  void return_void() noexcept {}
  void take() {
    if (error) std::rethrow_exception(error);
  }
};
}  // namespace task_detail

template <class T>
class [[nodiscard]] Task {
 public:
  using promise_type = task_detail::Promise<T>;
  explicit Task(std::coroutine_handle<promise_type> h) : handle_(h) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&& other) noexcept { std::swap(handle_, other.handle_); return *this; }
  ~Task() { if (handle_) handle_.destroy(); }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) noexcept {
    handle_.promise().continuation = caller;
    return handle_;
  }
  T await_resume() { return handle_.promise().take(); }

 private:
  std::coroutine_handle<promise_type> handle_;
};

namespace task_detail {
template <class T>
Task<T> Promise<T>::get_return_object() { return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this)); }
inline Task<void> Promise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}
struct Detached {
  struct promise_type {
    Detached get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
};
}  // namespace task_detail

/// Runs a task to its end from ordinary code; `done(value or error)` is called on whatever thread it ends on.
template <class T, class Done>
task_detail::Detached spawn(Task<T> task, Done done) {
  std::optional<T> value;
  std::exception_ptr error;
  try {
    value.emplace(co_await task);
  } catch (...) {
    error = std::current_exception();
  }
  done(std::move(value), error);
}

/// Where a suspended coroutine goes on: each connection's own loop.
class Executor {
 public:
  virtual ~Executor() = default;
  virtual void post(std::coroutine_handle<> h) = 0;
};
/// Goes on at once, on the thread that finished the work. For commands and tests.
class InlineExecutor final : public Executor {
 public:
  void post(std::coroutine_handle<> h) override { h.resume(); }
};

}  // namespace xinyi
