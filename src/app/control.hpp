// Commands beside a running server: the server holds the data folder, so they reach it through a local socket that only
// its own user can open, and run inside it as acts of the operator (trust: transactions).
#pragma once
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

namespace xinyi::app {

struct ControlRequest {
  std::vector<std::string> arguments;  // of the command line, without the program's name
  std::string folder;                  // where the caller stands, for relative paths
};

/// The server's end: one request at a time, on a thread of its own.
class ControlSocket {
 public:
  using Work = std::function<int(const ControlRequest&, std::ostream& out, std::ostream& err)>;
  /// Makes <data>/control (0600). OperatorError when it cannot.
  ControlSocket(const std::string& data_folder, Work work);
  ~ControlSocket();
  ControlSocket(const ControlSocket&) = delete;

 private:
  void run();
  void answer(int connection);
  std::string path_;
  Work work_;
  int listener_ = -1, stop_read_ = -1, stop_write_ = -1;
  std::thread thread_;
};

/// Hands a command to the server that runs on this data folder, prints its answer, returns its exit status. Nothing when
/// no server answers.
std::optional<int> ask_server(const std::string& data_folder, const ControlRequest& request, std::ostream& out, std::ostream& err);

}  // namespace xinyi::app
