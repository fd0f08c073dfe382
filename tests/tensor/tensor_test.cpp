#include "tensor/tensor.hpp"

#include <cstdint>
#include <limits>
#include <memory>
#include <thread>
#include <vector>

#include "support/expect_error.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MI2_TEST_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MI2_TEST_SANITIZED
#endif
#endif

namespace mi2::tensor {
namespace {

TEST(Shape, KnowsItsExtentsCountAndRows) {
  const Shape shape{2, 30, 30, 1024};
  EXPECT_EQ(shape.rank(), 4U);
  EXPECT_EQ(shape.count(), 2 * 30 * 30 * 1024);
  EXPECT_EQ(shape.back(), 1024);
  EXPECT_EQ(shape.rows(), 1800);
  EXPECT_EQ(shape.to_string(), "[2, 30, 30, 1024]");
  EXPECT_EQ(shape.with_back(7), (Shape{2, 30, 30, 7}));
  EXPECT_NE(shape, (Shape{2, 30, 30}));
}

TEST(Shape, OfNoAxisHoldsOneElement) {
  const Shape scalar{};
  EXPECT_EQ(scalar.rank(), 0U);
  EXPECT_EQ(scalar.count(), 1);
  EXPECT_EQ(scalar.to_string(), "[]");
  EXPECT_EQ((Shape{5, 0}).count(), 0);
  EXPECT_EQ((Shape{5, 0}).rows(), 0);
}

TEST(Shape, RefusesNegativeExtentsAndTooManyAxes) {
  test::expect_error(Code::kBadArgument, {"[2, -1]"}, [] { Shape({2, -1}); });
  test::expect_error(Code::kBadArgument, {"[1, 1, 1, 1, 1]", "4"}, [] { Shape({1, 1, 1, 1, 1}); });
}

TEST(Pool, AlignsBlocksAndReusesThem) {
  Pool pool;
  const std::byte* first = nullptr;
  {
    const auto block = pool.take(1000);
    first = block.get();
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(first) % 64, 0U);
    EXPECT_NE(pool.take(1000).get(), first) << "a block in use is not given twice";
  }
  const auto one = pool.take(1000);
  const auto two = pool.take(1000);
  EXPECT_TRUE(one.get() == first || two.get() == first);
  EXPECT_NE(pool.take(0).get(), nullptr);
}

TEST(Pool, KeepsLargeIdleBlocksFromSmallRequests) {
  Pool pool;
  const std::byte* large = pool.take(1U << 20U).get();
  EXPECT_NE(pool.take(64).get(), large);
  pool.trim();
}

TEST(Pool, MayDieBeforeItsBlocks) {
  auto pool = std::make_unique<Pool>();
  const auto block = pool->take(128);
  pool.reset();
  block.get()[127] = std::byte{1};
}

TEST(Pool, ServesSeveralThreads) {
  Pool pool;
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t) {
    threads.emplace_back([&pool, t] {
      for (std::size_t i = 1; i < 500; ++i) {
        const auto block = pool.take(64 * (i % 7 + 1));
        block.get()[0] = static_cast<std::byte>(t);
        EXPECT_EQ(block.get()[0], static_cast<std::byte>(t));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(Pool, ReportsMemoryThatIsNotThere) {
#ifdef MI2_TEST_SANITIZED
  GTEST_SKIP() << "sanitizers end the process on an allocation of this size";
#else
  Pool pool;
  test::expect_error(Code::kTooLarge, {"out of memory"}, [&] { pool.take(1ULL << 60U); });
#endif
}

TEST(Tensor, CopiesShareTheBlock) {
  Pool pool;
  Tensor a(pool, {2, 3});
  EXPECT_TRUE(a.unique());
  const Tensor b = a;
  EXPECT_FALSE(a.unique());
  a.floats()[5] = 4.0F;
  EXPECT_EQ(b.floats()[5], 4.0F);
  EXPECT_TRUE(Tensor().empty());
}

TEST(Tensor, ReshapesOnlyToTheSameCount) {
  const Tensor tensor{Shape{2, 6}};
  const Tensor view = tensor.reshaped({3, 4});
  EXPECT_EQ(view.shape(), (Shape{3, 4}));
  EXPECT_EQ(view.data<float>(), tensor.data<float>());
  test::expect_error(Code::kInternal, {"[2, 6]", "[5]"}, [&] { (void)tensor.reshaped({5}); });
}

TEST(Tensor, SpacedRowsAreNotALargePowerOfTwoApart) {
  for (const std::int64_t width : {128, 256, 1024, 3072}) {
    const Tensor spaced = Tensor::spaced({5, width});
    EXPECT_FALSE(spaced.dense());
    EXPECT_GE(spaced.row_stride(), width);
    EXPECT_NE(spaced.row_stride() * 4 % 512, 0) << width;
    EXPECT_EQ(spaced.row<float>(3), spaced.data<float>() + 3 * spaced.row_stride());
    EXPECT_EQ(spaced.reshaped({5, 1, width}).row_stride(), spaced.row_stride());
    test::expect_error(Code::kInternal, {"[5, "}, [&] { (void)spaced.reshaped({5 * width}); });
    test::expect_error(Code::kInternal, {"spaced"}, [&] { (void)spaced.floats(); });
  }
  EXPECT_TRUE(Tensor::spaced({5, 100}).dense()) << "others are as they are";
}

TEST(Tensor, OverMemoryFromElsewhereIsNeverUnique) {
  const Tensor owner({4});
  owner.data<float>()[3] = 7;
  std::weak_ptr<const std::byte> alive;
  {
    const auto block = std::make_shared<const Tensor>(owner);
    const Tensor view({2, 2}, DType::kF32, std::shared_ptr<const std::byte>(block, owner.data<std::byte>()));
    alive = view.block();
    EXPECT_EQ(view.shape(), (Shape{2, 2}));
    EXPECT_EQ(view.data<float>()[3], 7);
    EXPECT_FALSE(view.unique());
    EXPECT_FALSE(view.reshaped({4}).unique());
  }
  EXPECT_TRUE(alive.expired()) << "the view outlives its last handle";
}

}  // namespace
}  // namespace mi2::tensor
