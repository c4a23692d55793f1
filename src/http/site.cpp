#include "http/site.hpp"

#include <algorithm>

#include "crypto/hash.hpp"

namespace xinyi::http {

// No inline style is allowed: Element Plus, Vant and Vue set styles through the CSS object model, which this policy does not
// touch (tried in Chromium with tables, pickers, dialogs, calendars). Vant carries its icon font as a data: URL.
const std::string_view kSafetyHeaders =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self' data:; "
    "connect-src 'self'; manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "X-Frame-Options: DENY\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Permissions-Policy: accelerometer=(), camera=(self), display-capture=(), geolocation=(), gyroscope=(), microphone=(), "
    "payment=(), usb=()\r\n";

namespace {
struct Type {
  std::string_view ending, type;
};
constexpr Type kTypes[] = {{".html", "text/html; charset=utf-8"}, {".js", "text/javascript; charset=utf-8"},
                           {".css", "text/css; charset=utf-8"},   {".svg", "image/svg+xml"},
                           {".png", "image/png"},                 {".ico", "image/x-icon"},
                           {".woff2", "font/woff2"},              {".json", "application/json"},
                           {".webmanifest", "application/manifest+json"}, {".txt", "text/plain; charset=utf-8"},
                           {".wasm", "application/wasm"},         {".webp", "image/webp"}};

std::string_view type_of(std::string_view name) {
  for (const auto& t : kTypes)
    if (name.ends_with(t.ending)) return t.type;
  return "application/octet-stream";
}

/// "assets/index-3f9a1c2b.js": the build writes eight characters of the content's hash into the name.
bool hashed_name(std::string_view name) {
  if (name.find("/assets/") == name.npos) return false;
  const auto dot = name.rfind('.'), dash = name.rfind('-', dot);
  return dot != name.npos && dash != name.npos && dot - dash >= 9;
}

/// True when the list names the coding and does not forbid it (q=0).
bool accepts(std::string_view list, std::string_view coding) {
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    auto item = list.substr(0, comma);
    list.remove_prefix(std::min(comma + 1, list.size()));
    while (item.starts_with(' ')) item.remove_prefix(1);
    const auto semicolon = std::min(item.find(';'), item.size());
    auto name = item.substr(0, semicolon);
    while (name.ends_with(' ')) name.remove_suffix(1);
    if (name != coding) continue;
    const auto q = item.substr(semicolon);
    const auto at = q.find("q=0");
    return at == q.npos || q.substr(at + 3).find_first_of("123456789") != q.npos;
  }
  return false;
}
}  // namespace

Site::Site(std::span<const embedded::File> files) {
  for (const auto& file : files) {
    auto name = file.name;
    const bool gz = name.ends_with(".gz"), br = name.ends_with(".br");
    if (gz || br) name.remove_suffix(3);
    auto& asset = assets_[std::string(name)];
    (gz ? asset.gz : br ? asset.br : asset.plain) = file.text;
    if (gz || br) continue;
    asset.type = type_of(name);
    asset.immutable = hashed_name(name);
    asset.etag = "\"" + to_hex(View(crypto::sha256(view(file.text))).first(12)) + "\"";
  }
  std::erase_if(assets_, [](const auto& a) { return a.second.type.empty(); });  // packed without its plain form
}

const Site::Asset* Site::locate(std::string_view path) const {
  const bool office = path == "/office" || path.starts_with("/office/");
  auto name = office ? "office" + std::string(path.substr(7)) : "portal" + std::string(path);
  const auto find = [&](std::string_view n) -> const Asset* {
    const auto it = assets_.find(n);
    return it == assets_.end() ? nullptr : &it->second;
  };
  if (name.ends_with('/')) name.pop_back();
  if (const auto* asset = find(name)) return asset;
  // An address inside the application; a file that is missing stays missing.
  if (name.find('.', name.rfind('/') == name.npos ? 0 : name.rfind('/')) != name.npos) return nullptr;
  return find(office ? "office/index.html" : "portal/index.html");
}

StaticAnswer Site::find(std::string_view path, std::string_view accept_encoding, std::string_view if_none_match) const {
  StaticAnswer out;
  const auto* asset = locate(path);
  if (asset == nullptr) return out;
  out.headers = "Vary: Accept-Encoding\r\nETag: " + asset->etag + "\r\nCache-Control: " +
                (asset->immutable ? "public, max-age=31536000, immutable" : "no-cache") + "\r\n";
  if (if_none_match.find(asset->etag) != if_none_match.npos || if_none_match == "*") {
    out.status = 304;
    return out;
  }
  out.status = 200;
  out.headers.append("Content-Type: ").append(asset->type).append("\r\n");
  out.body = asset->plain;
  if (!asset->br.empty() && accepts(accept_encoding, "br")) {
    out.body = asset->br;
    out.headers += "Content-Encoding: br\r\n";
  } else if (!asset->gz.empty() && accepts(accept_encoding, "gzip")) {
    out.body = asset->gz;
    out.headers += "Content-Encoding: gzip\r\n";
  }
  return out;
}
}  // namespace xinyi::http
