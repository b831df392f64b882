/*
 * The library from C++: owners as unique_ptr, errors as exceptions.  Alice and Bob share a key for
 * a call that runs beside the group (the exporter), before and after Bob leaves and returns by an
 * external commit.
 *
 *   c++ -std=c++14 two_members.cpp $(pkg-config --cflags --libs timbre-mls) -o two_members_cpp
 */
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>

#include <timbre/mls.h>

namespace {

constexpr uint16_t SUITE = MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_ED25519;
constexpr uint64_t NOW_S = 1800000000;

struct Failure : std::runtime_error {
    Failure(const char *step, int status)
        : std::runtime_error(std::string(step) + ": " + mls_status_text(status))
    {
    }
};

void check(const char *step, int status)
{
    if (status != MLS_OK) throw Failure(step, status);
}

struct End {
    void operator()(mls_ctx *ctx) const { mls_ctx_free(ctx); }
    void operator()(mls_arena *arena) const { mls_arena_free(arena); }
    void operator()(mls_signer *signer) const { mls_signer_free(signer); }
    void operator()(mls_session *session) const { mls_session_free(session); }
    void operator()(mls_outsider *outsider) const { mls_outsider_free(outsider); }
};
template <class T> using Owned = std::unique_ptr<T, End>;

mls_octets octets(const std::string &text)
{
    return mls_octets{ reinterpret_cast<const uint8_t *>(text.data()), text.size() };
}

/* A device: a name, its key, and its end of the group. */
class Device {
public:
    Device(mls_ctx *ctx, std::string name) : ctx_(ctx), name_(std::move(name))
    {
        mls_signer *signer = nullptr;
        check("a key", mls_signer_new(ctx_, SUITE, &signer));
        signer_.reset(signer);
        mls_arena *arena = nullptr;
        check("an arena", mls_arena_new(ctx_, &arena));
        arena_.reset(arena);
    }

    mls_leaf_options leaf() const
    {
        mls_leaf_options options = MLS_INIT(mls_leaf_options);
        options.identity.credential_type = MLS_CREDENTIAL_BASIC;
        options.identity.identity = octets(name_);
        options.not_before_s = NOW_S - 1;
        options.not_after_s = NOW_S + 86400;
        return options;
    }

    void create()
    {
        const mls_leaf_options own = leaf();
        mls_create_options options = MLS_INIT(mls_create_options);
        options.leaf = &own;
        mls_session *session = nullptr;
        check("create", mls_session_create(ctx_, signer_.get(), &options, &session));
        session_.reset(session);
    }

    /* The GroupInfo that others join by, with the tree in it. */
    mls_octets invitation()
    {
        mls_octets info{}, tree{};
        check("group info", mls_session_group_info(session_.get(), true, nullptr, 0, arena_.get(),
                                                   &info, &tree));
        return info;
    }

    /* Join by an external commit, which the others take. */
    mls_octets join(mls_octets invitation)
    {
        mls_outsider *opened = nullptr;
        check("look", mls_outsider_new(ctx_, invitation, mls_octets{}, NOW_S, &opened, nullptr));
        const Owned<mls_outsider> outsider(opened);
        const mls_leaf_options own = leaf();
        mls_external_join_options options = MLS_INIT(mls_external_join_options);
        options.leaf = &own;
        options.now_s = NOW_S;
        mls_commit_result made = MLS_INIT(mls_commit_result);
        mls_session *session = nullptr;
        check("join", mls_outsider_join(outsider.get(), signer_.get(), &options, arena_.get(),
                                        &session, &made));
        session_.reset(session);
        return made.commit;
    }

    mls_octets remove(uint32_t leaf_index)
    {
        mls_proposal_spec proposal = MLS_INIT(mls_proposal_spec);
        proposal.proposal_type = MLS_PROPOSAL_REMOVE;
        proposal.leaf_index = leaf_index;
        const mls_proposal_spec *const proposals[] = { &proposal };
        mls_commit_options options = MLS_INIT(mls_commit_options);
        options.proposals = proposals;
        options.proposal_count = 1;
        options.now_s = NOW_S;
        mls_commit_result made = MLS_INIT(mls_commit_result);
        check("commit", mls_session_commit(session_.get(), &options, arena_.get(), &made,
                                           nullptr));
        check("merge", mls_session_merge(session_.get(), MLS_STAGED_OWN));
        return made.commit;
    }

    void take(mls_octets commit)
    {
        mls_incoming incoming = MLS_INIT(mls_incoming);
        check("receive", mls_session_receive(session_.get(), commit, NOW_S, nullptr, 0,
                                             arena_.get(), &incoming, nullptr));
        check("merge", mls_session_merge(session_.get(), MLS_STAGED_RECEIVED));
    }

    std::array<uint8_t, 32> call_key() const
    {
        std::array<uint8_t, 32> key;
        check("export", mls_session_export(session_.get(), "call", mls_octets{}, key.data(),
                                           key.size()));
        return key;
    }

    uint32_t leaf_index() const { return mls_session_own_leaf(session_.get()); }
    bool is_active() const { return mls_session_is_active(session_.get()); }

private:
    mls_ctx *ctx_;
    std::string name_;
    Owned<mls_signer> signer_;
    Owned<mls_arena> arena_;
    Owned<mls_session> session_;
};

void expect(bool is_so, const char *what)
{
    if (!is_so) throw std::logic_error(what);
    std::printf("%s\n", what);
}

void run()
{
    mls_ctx *made = nullptr;
    check("the library", mls_ctx_new(nullptr, &made));
    const Owned<mls_ctx> ctx(made);
    Device alice(ctx.get(), "alice"), bob(ctx.get(), "bob");

    alice.create();
    alice.take(bob.join(alice.invitation()));
    const auto first = alice.call_key();
    expect(first == bob.call_key(), "both have the key of the call");

    bob.take(alice.remove(bob.leaf_index()));
    expect(!bob.is_active(), "bob is out");
    expect(first != alice.call_key(), "the key is another one without him");

    alice.take(bob.join(alice.invitation()));
    expect(alice.call_key() == bob.call_key(), "bob is back");
}

} // namespace

int main()
{
    try {
        run();
        return 0;
    } catch (const std::exception &error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
