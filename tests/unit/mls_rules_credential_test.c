/* RFC 9420, sections 7.3 and 13.3: credential types in use, where a group has two of them. */
#include "tests/unit/mls_proposals_fixture.h"

/* The group's members support basic and X.509; one of them presents a certificate. */
static void begin_with_two_types(struct scene *s, struct mls_certificates *chain)
{
    struct client client;
    struct leaf_parts parts;
    uint32_t index;
    scene_begin(s);
    client_begin(&s->f, &client, 50);
    leaf_parts_begin(&s->f, &client, &parts);
    parts.leaf.credential = (struct mls_credential){ MLS_CREDENTIAL_X509,
                                                     { .certificates = chain } };
    assert_ok(mls_tree_add(&s->tree,
                           leaf_sign(&s->f, &client, &parts, (tb_bytes){ NULL, 0 }, 0), &index));
}

static void rule_7_3_6_a_leaf_supports_all_credential_types_in_use(void **state)
{
    (void)state;
    struct scene s;
    struct client client;
    struct leaf_parts parts;
    struct mls_certificate certificate = { TB_LITERAL("certificate") };
    struct mls_certificates chain = { { &certificate, 1 } };
    begin_with_two_types(&s, &chain);
    put_add(&s, &client);
    assert_ok(apply(&s));
    client_begin(&s.f, &client, 51);
    leaf_parts_begin(&s.f, &client, &parts);
    parts.leaf.capabilities.credentials.count = 1; /* basic alone */
    put_add_of(&s, &client, leaf_sign(&s.f, &client, &parts, (tb_bytes){ NULL, 0 }, 0));
    assert_status(apply(&s), MLS_LEAF_CREDENTIAL);

    /* A member that stays may not drop the support either. */
    struct mls_update *update = tb_arena_take(&s.f.arena, 1, sizeof *update);
    client_begin(&s.f, &client, 2);
    leaf_parts_begin(&s.f, &client, &parts);
    parts.leaf.leaf_node_source = MLS_LEAF_UPDATE;
    parts.leaf.capabilities.credentials.count = 1;
    update->leaf_node = *leaf_decode(&s.f, leaf_sign(&s.f, &client, &parts, s.context.group_id,
                                                     2));
    put(&s, MLS_PROPOSAL_UPDATE, MLS_SENDER_MEMBER, 2, true)->of.update = update;
    assert_status(apply(&s), MLS_LEAF_CREDENTIAL);
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_7_3_6_a_leaf_supports_all_credential_types_in_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
