// Decisions about notices. Pure.
#pragma once
#include "notify/model.hpp"

namespace xinyi::notify {

/// When a message may leave: at once, or at the end of the quiet hours in which `t` lies. An urgent one never waits.
Instant due_at(Instant t, const Quiet& quiet, const Zone& zone, bool urgent);

/// How long to wait after the n-th try (from 1) failed for the time being; nothing: give up. Usual messages wait 1, 2, 4 …
/// minutes, at most an hour, for about a day; urgent ones 5, 10, 20 … seconds, at most a minute, for about an hour.
std::optional<Span> wait_after(std::int64_t tries, bool urgent);

/// What a try's outcome makes of its message.
State state_after(Outcome outcome, std::int64_t tries, bool urgent);
/// True when the way out itself has a fault: other messages would meet the same.
bool trouble_of_channel(Outcome outcome);

/// What an SMTP or HTTP server's number means.
Outcome smtp_outcome(long reply);
Outcome http_outcome(long status);
/// What a robot answers besides its 200: {"errcode":0}. Not understood counts as refused.
Outcome robot_outcome(std::string_view body);

/// "name@example.org": ASCII, one @, no blanks, quotes or comments.
bool good_address(std::string_view address);
/// A host name or an IP address (IPv6 without brackets).
bool good_host(std::string_view host);
/// 127.0.0.0/8, ::1 or localhost, as written: no name is asked for.
bool loopback_host(std::string_view host);
/// Nothing in a sender's name or address that says what the room is (the reader's neighbour sees it first).
bool neutral_sender(std::string_view name, std::string_view address);

struct HookPlace {
  std::string scheme, host;
  bool loopback = false;
};
/// https anywhere, http only to this machine; no user, no fragment. Nothing when the address is none of these.
std::optional<HookPlace> hook_place(std::string_view url);
/// True for addresses that only a school's own network or this machine knows (RFC 6890), in either family.
bool private_address(View bytes);  // 4 or 16 bytes, network order

}  // namespace xinyi::notify
