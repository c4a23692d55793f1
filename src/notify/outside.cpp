#include "notify/outside.hpp"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mutex>

#include "notify/rules.hpp"

namespace xinyi::notify {
namespace {
constexpr std::size_t kLargestAnswer = 64 * 1024;

/// libcurl wants to be started before any second thread uses it.
void start_curl() {
  static std::once_flag once;
  std::call_once(once, [] {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) throw Bug("libcurl does not start");
  });
}

using List = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

void append(List& list, const std::string& text) {
  auto* longer = curl_slist_append(list.get(), text.c_str());
  if (longer == nullptr) throw std::bad_alloc();
  list.release();
  list.reset(longer);
}

template <class T>
void set(CURL* curl, CURLoption option, T value) {
  // A build of libcurl without an option that we rely on must not go out without it.
  if (curl_easy_setopt(curl, option, value) != CURLE_OK) throw Bug("libcurl lacks an option");
}

struct Outgoing {
  std::string_view text;
  std::size_t at = 0;
};
std::size_t give(char* into, std::size_t size, std::size_t count, void* user) {
  auto& out = *static_cast<Outgoing*>(user);
  const auto n = out.text.copy(into, size * count, out.at);
  out.at += n;
  return n;
}

/// The answer's beginning; a longer one ends the exchange.
std::size_t take(char* from, std::size_t size, std::size_t count, void* user) {
  auto& in = *static_cast<std::string*>(user);
  if (in.size() + size * count > kLargestAnswer) return 0;
  in.append(from, size * count);
  return size * count;
}

View address_bytes(const sockaddr& a) {
  if (a.sa_family == AF_INET) {
    const auto& in = reinterpret_cast<const sockaddr_in&>(a);
    return {reinterpret_cast<const std::uint8_t*>(&in.sin_addr), 4};
  }
  if (a.sa_family == AF_INET6) {
    const auto& in = reinterpret_cast<const sockaddr_in6&>(a);
    return {reinterpret_cast<const std::uint8_t*>(&in.sin6_addr), 16};
  }
  return {};
}

/// Which addresses a connection may go to, judged when its name has been resolved: a name can point anywhere tomorrow.
struct Fence {
  enum class Kind { anywhere, outside, here } kind = Kind::anywhere;
  bool stopped = false;
};
curl_socket_t open_socket(void* user, curlsocktype, struct curl_sockaddr* a) {
  auto& fence = *static_cast<Fence*>(user);
  const auto bytes = address_bytes(a->addr);
  const bool here = (bytes.size() == 4 && bytes[0] == 127) || (bytes.size() == 16 && bytes[15] == 1 && private_address(bytes) && bytes[0] == 0);
  const bool good = fence.kind == Fence::Kind::anywhere || (fence.kind == Fence::Kind::here ? here : !private_address(bytes));
  if (!good) {
    fence.stopped = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

int progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  const auto* break_off = static_cast<const BreakOff*>(user);
  return break_off != nullptr && break_off->now() ? 1 : 0;
}

void common(CURL* curl, const OutsideOptions& options, std::chrono::seconds whole, Fence& fence, const BreakOff* break_off) {
  curl_easy_reset(curl);
  set(curl, CURLOPT_NOSIGNAL, 1L);
  set(curl, CURLOPT_NOPROXY, "*");  // what an environment says is not the operator's word
  set(curl, CURLOPT_PROXY, "");
  set(curl, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(curl, CURLOPT_CONNECTTIMEOUT, static_cast<long>(options.connect_timeout.count()));
  set(curl, CURLOPT_TIMEOUT, static_cast<long>(whole.count()));
  set(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(curl, CURLOPT_SSL_VERIFYPEER, 1L);
  set(curl, CURLOPT_SSL_VERIFYHOST, 2L);
  set(curl, CURLOPT_OPENSOCKETFUNCTION, &open_socket);
  set(curl, CURLOPT_OPENSOCKETDATA, &fence);
  set(curl, CURLOPT_WRITEFUNCTION, &take);
  set(curl, CURLOPT_NOPROGRESS, 0L);
  set(curl, CURLOPT_XFERINFOFUNCTION, &progress);
  set(curl, CURLOPT_XFERINFODATA, const_cast<BreakOff*>(break_off));
}

Outcome outcome_of(CURLcode code) {
  switch (code) {
    case CURLE_LOGIN_DENIED:
    case CURLE_AUTH_ERROR: return Outcome::login_refused;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_ISSUER_ERROR: return Outcome::untrusted;
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_CONNECT_ERROR: return Outcome::insecure;
    default: return Outcome::unreachable;
  }
}
}  // namespace

std::string message_id(const MessageId& id, std::string_view sender) {
  return "<" + to_hex(id.bytes()) + "@" + std::string(sender.substr(sender.find('@') + 1)) + ">";
}

Carrier::Carrier(const OutsideOptions& options, const BreakOff* break_off)
    : options_(options), break_off_(break_off), mail_(nullptr, [](void* c) { curl_easy_cleanup(c); }), hook_(nullptr, [](void* c) { curl_easy_cleanup(c); }) {
  start_curl();
  hang_up();
}

void Carrier::hang_up() {
  mail_.reset(curl_easy_init());
  hook_.reset(curl_easy_init());
  if (!mail_ || !hook_) throw std::bad_alloc();
}
Carrier::~Carrier() = default;

Ended Carrier::mail(const MailSettings& settings, const std::string& to, const MessageId& id, const OutsideMessage& message, Instant now) {
  invariant(good_host(settings.host) && settings.port > 0, "not a mail server");
  const bool here = loopback_host(settings.host);
  if (settings.security == Security::none && !here) return {Outcome::insecure, 0};
  auto* curl = static_cast<CURL*>(mail_.get());
  // Only who says loopback may go without encryption, so such a connection must really stay on this machine.
  Fence fence{settings.security == Security::none ? Fence::Kind::here : Fence::Kind::anywhere};
  common(curl, options_, options_.mail_timeout, fence, break_off_);
  const auto host = settings.host.find(':') == std::string::npos ? settings.host : "[" + settings.host + "]";
  // The path is how we greet: the sender's domain, not this machine's name.
  const auto url = std::string(settings.security == Security::tls ? "smtps://" : "smtp://") + host + ":" + std::to_string(settings.port) + "/" +
                   settings.sender.substr(settings.sender.find('@') + 1);
  set(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  set(curl, CURLOPT_URL, url.c_str());
  set(curl, CURLOPT_USE_SSL, static_cast<long>(settings.security == Security::none ? CURLUSESSL_NONE : CURLUSESSL_ALL));
  if (!settings.ca_pem.empty()) {
    curl_blob blob{const_cast<char*>(settings.ca_pem.data()), settings.ca_pem.size(), CURL_BLOB_NOCOPY};
    set(curl, CURLOPT_CAINFO_BLOB, &blob);
    set(curl, CURLOPT_CAPATH, static_cast<char*>(nullptr));
  }
  if (!settings.username.empty()) {
    set(curl, CURLOPT_USERNAME, settings.username.c_str());
    set(curl, CURLOPT_PASSWORD, settings.password.c_str());
  }
  List recipients(nullptr, &curl_slist_free_all);
  append(recipients, "<" + to + ">");
  set(curl, CURLOPT_MAIL_FROM, ("<" + settings.sender + ">").c_str());
  set(curl, CURLOPT_MAIL_RCPT, recipients.get());
  const auto text = mail_text({settings.sender_name, settings.sender, to, message_id(id, settings.sender), now, message});
  Outgoing out{text};
  set(curl, CURLOPT_UPLOAD, 1L);
  set(curl, CURLOPT_READFUNCTION, &give);
  set(curl, CURLOPT_READDATA, &out);
  std::string ignored;
  set(curl, CURLOPT_WRITEDATA, &ignored);

  const auto code = curl_easy_perform(curl);
  long reply = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply);
  set(curl, CURLOPT_MAIL_RCPT, static_cast<curl_slist*>(nullptr));
  if (code == CURLE_OK) return {Outcome::sent, reply};
  if (code == CURLE_ABORTED_BY_CALLBACK) return {Outcome::started, 0};
  if (const auto known = outcome_of(code); known != Outcome::unreachable) return {known, reply};
  // Said no to the sender, the recipient or the message; connections that never came to an answer have no number.
  const bool answered = reply >= 400 && (code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR || code == CURLE_WEIRD_SERVER_REPLY ||
                                         code == CURLE_REMOTE_ACCESS_DENIED || code == CURLE_UPLOAD_FAILED || code == CURLE_QUOTE_ERROR);
  return {answered ? smtp_outcome(reply) : Outcome::unreachable, reply};
}

Ended Carrier::hook(const HookSettings& hook, const MessageId& id, const OutsideMessage& message, Instant now) {
  const auto place = hook_place(hook.url);
  invariant(place.has_value(), "not the address of a web hook");
  auto* curl = static_cast<CURL*>(hook_.get());
  Fence fence{place->loopback ? Fence::Kind::here : options_.private_hosts.contains(place->host) ? Fence::Kind::anywhere : Fence::Kind::outside};
  common(curl, options_, options_.hook_timeout, fence, break_off_);
  const auto url = hook_url(hook, now);
  const auto body = hook_body(hook.kind, id, message);
  const auto signature = hook_signature(hook, body, now);
  List headers(nullptr, &curl_slist_free_all);
  append(headers, "Content-Type: application/json; charset=utf-8");
  append(headers, "Expect:");
  append(headers, "User-Agent: xinyi");
  if (!signature.empty()) append(headers, "X-Xinyi-Signature: " + signature);
  set(curl, CURLOPT_PROTOCOLS_STR, place->scheme.c_str());
  set(curl, CURLOPT_URL, url.c_str());
  set(curl, CURLOPT_FOLLOWLOCATION, 0L);
  set(curl, CURLOPT_HTTPHEADER, headers.get());
  set(curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
  set(curl, CURLOPT_POSTFIELDS, body.c_str());
  std::string answer;
  set(curl, CURLOPT_WRITEDATA, &answer);

  const auto code = curl_easy_perform(curl);
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  set(curl, CURLOPT_HTTPHEADER, static_cast<curl_slist*>(nullptr));
  set(curl, CURLOPT_POSTFIELDS, static_cast<char*>(nullptr));
  if (code == CURLE_ABORTED_BY_CALLBACK) return {Outcome::started, 0};
  if (fence.stopped) return {Outcome::refused, 0};
  if (code == CURLE_WRITE_ERROR) return {Outcome::refused, status};  // an answer without end is none of a robot's
  if (code != CURLE_OK) return {outcome_of(code), status};
  const auto outcome = http_outcome(status);
  return {outcome == Outcome::sent && hook.kind != HookKind::plain ? robot_outcome(answer) : outcome, status};
}

Outside::Outside(OutsideOptions options) : options_(std::move(options)) { start_curl(); }
}  // namespace xinyi::notify
