// From the wire's request to a handler and back: match, guard, session, rule, body, reply, problem document.
#pragma once
#include "http/contract.hpp"
#include "http/matcher.hpp"
#include "http/metrics.hpp"
#include "http/request.hpp"

namespace xinyi::http {

constexpr std::size_t kJsonLimit = 1 << 20;  // bytes of a JSON body

class Dispatcher {
 public:
  /// `routes` are copied. Bug when two routes collide or a route is declared against its own words.
  Dispatcher(const Services& services, const Routes& routes);

  /// Never throws an expected error: whatever happens becomes a reply.
  Task<Reply> serve(const Head& head, Body& body, Executor& executor);

  Metrics& metrics() { return metrics_; }

 private:
  struct Work;  // one request on its way
  Task<Reply> run(Work& work);
  void check_head(Work& work) const;
  /// Whose request it is, and whether that school answers yet.
  void find_school(Work& work) const;
  /// Who stands behind the cookie, inside a transaction.
  void find_session(Work& work, storage::ReadTx& tx) const;
  void need_session(Work& work) const;
  Task<void> resolve(Work& work) const;
  Task<Reply> read_once(Work& work) const;
  Task<void> read_body(Work& work) const;
  Task<Reply> problem(Work& work, std::exception_ptr error);
  Task<void> record_refusal(Work& work, const identity::Facts& facts) const;
  void touch(const Work& work) const;

  const Services& services_;
  Routes routes_;
  Matcher matcher_;
  Metrics metrics_;
};

/// A problem document as a reply; `id` is a fresh random request id.
Reply problem_reply(const Problem& problem, const std::string& id);
std::string request_id();

}  // namespace xinyi::http
