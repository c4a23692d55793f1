// Routes of the roster.
#pragma once
#include "http/contract.hpp"

namespace xinyi::people {

void add_routes(http::Routes& routes);

/// Removes the rows of uploads older than an hour. One process does it for a school.
void clear_old_uploads(storage::WriteTx& tx, Instant now);
/// Removes such files from the folder; each process from its own.
void clear_upload_files(const std::string& data_dir, Instant now) noexcept;

}  // namespace xinyi::people
