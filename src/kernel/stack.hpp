// Freed blocks are wiped by the allocator; what a finished function leaves on its thread's stack is wiped here. Parsers and
// serialisers keep a few kilobytes of text there, and an idle thread would keep the last of it for hours.
#pragma once

namespace xinyi {

/// Wipes what lies below the caller's frame on this thread's stack, deeper than any text goes. About a microsecond. To be
/// called where a thread goes back to waiting, after the work, not from within it.
void wipe_stack_below() noexcept;

}  // namespace xinyi
