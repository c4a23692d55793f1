// Threads of their own for what takes long: an event loop is never held up, and a flood of jobs waits in a bounded queue.
#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "kernel/problem.hpp"
#include "kernel/task.hpp"

namespace xinyi {

class Workers {
 public:
  Workers(unsigned threads, std::size_t longest_queue);
  ~Workers();

  /// Runs `work` on a worker and goes on at `executor`. Refusal(unavailable) when the queue is full.
  template <class F>
  Task<std::invoke_result_t<F>> run(Executor& executor, F work) {
    using R = std::invoke_result_t<F>;
    std::optional<R> out;
    std::exception_ptr error;
    struct Await {
      Workers& workers;
      std::function<void()> job;
      Executor& executor;
      bool await_ready() const noexcept { return false; }
      void await_suspend(std::coroutine_handle<> h) {
        workers.queue([this, h] {
          job();
          executor.post(h);
        });
      }
      void await_resume() const noexcept {}
    };
    std::function<void()> job = [&] {
      try {
        out.emplace(work());
      } catch (...) {
        error = std::current_exception();
      }
    };
    Await await{*this, std::move(job), executor};
    co_await await;
    if (error) std::rethrow_exception(error);
    co_return std::move(*out);
  }
  std::size_t waiting() const;

 private:
  void queue(std::function<void()> job);
  void work();
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;
  std::size_t longest_;
  bool stop_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace xinyi
