// Uploads go to a capped temporary file that only this process can read; texts of requests are wiped after use.
#pragma once
#include <string>

#include "http/request.hpp"

namespace xinyi::http {

/// Streams the body into DIR/uploads/<random>, mode 0600, and names it in `path` as soon as it exists, so that the caller
/// can remove it whatever happens. Refusal(too_large) beyond `limit`; Refusal(storage_full) when the disk is full.
Task<void> receive_upload(Body& body, const std::string& data_dir, std::size_t limit, std::string& path);
/// Removes the file unless the handler took it (empty) or moved it away.
void discard_upload(const std::string& path) noexcept;
/// Removes what an earlier run of the program left behind.
void clear_uploads(const std::string& data_dir);

void wipe_text(std::string& text) noexcept;

}  // namespace xinyi::http
