#include "http/proxy.hpp"

#include <gtest/gtest.h>

using xinyi::http::TrustedProxies;

namespace {
TrustedProxies trusting(const std::vector<std::string>& addresses) { return *TrustedProxies::of(addresses); }
}  // namespace

TEST(Proxy, NobodyIsBelievedByDefault) {
  EXPECT_EQ(TrustedProxies{}.client("127.0.0.1", "10.0.0.5"), "127.0.0.1");
  EXPECT_EQ(trusting({"10.0.0.1"}).client("10.0.0.2", "10.0.0.5"), "10.0.0.2");
}

TEST(Proxy, TheRightMostAddressThatIsNotAProxyCounts) {
  const auto proxies = trusting({"127.0.0.1", " ::1 ", "10.0.0.1"});
  EXPECT_EQ(proxies.client("127.0.0.1", "10.0.0.5"), "10.0.0.5");
  EXPECT_EQ(proxies.client("127.0.0.1", "8.8.8.8, 10.0.0.5"), "10.0.0.5")
      << "the left part is the client's own invention";
  EXPECT_EQ(proxies.client("127.0.0.1", "8.8.8.8,10.0.0.5 , 10.0.0.1"), "10.0.0.5") << "a chain of proxies";
  EXPECT_EQ(proxies.client("::1", "2001:DB8::0005"), "2001:db8::5");
  EXPECT_EQ(proxies.client("::ffff:127.0.0.1", "::ffff:10.0.0.5"), "10.0.0.5");
}

TEST(Proxy, AHeaderThatSaysNothingUsableLeavesThePeer) {
  const auto proxies = trusting({"127.0.0.1", "10.0.0.1"});
  for (const char* header : {"", " ", ",", "10.0.0.5,", "unknown", "10.0.0.5:4711", "[2001:db8::5]", "010.0.0.5x",
                             "10.0.0.1", "10.0.0.1, 127.0.0.1", "10.0.0.5, nonsense", "1.2.3", "10.0.0.5;10.0.0.6"})
    EXPECT_EQ(proxies.client("127.0.0.1", header), "127.0.0.1") << header;
}

TEST(Proxy, OnlyAddressesAreTaken) {
  for (const char* wrong : {"", "localhost", "10.0.0.0/8", "10.0.0.1:80"})
    EXPECT_FALSE(TrustedProxies::of({"10.0.0.1", wrong})) << wrong;
}
