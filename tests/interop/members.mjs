// Members of a group, ours (mls-driver) and theirs (ts-mls), with the same verbs.  Octets are Uint8Arrays.
//
// A proposal is described as { type: 'add', keyPackage } | { type: 'remove', identity } |
// { type: 'psk', id } | { type: 'resumption', epoch } | { type: 'extensions' } | { type: 'update' }.
import { bytes } from './driver.mjs';
import { load, loadInner } from './packages.mjs';

const mls = await load('ts-mls');
const { ratchetTreeDecoder, ratchetTreeEncoder } = await loadInner('ts-mls', 'ratchetTree.js');
const text = (value) => Buffer.from(value);

/* ------------------------------------------------------------------ ours */

const PROPOSE = {
  add: (p) => ['AddProposal', { key_package: p.keyPackage }],
  remove: (p) => ['RemoveProposal', { removed_id: text(p.identity) }],
  psk: (p) => ['ExternalPSKProposal', { psk_id: p.id }],
  resumption: (p) => ['ResumptionPSKProposal', { epoch_id: p.epoch }],
  extensions: () => ['GroupContextExtensionsProposal', { extensions: [{ extension_type: 3, extension_data: Buffer.from([0, 0, 0]) }] }],
  update: () => ['UpdateProposal', {}],
};
const BY_VALUE = { add: 'add', remove: 'remove', psk: 'externalPSK', resumption: 'resumptionPSK', extensions: 'groupContextExtensions' };

export class Ours {
  canUpdate = true;
  canCommit = () => true;
  pending = [];

  constructor(driver, suite, name, isPrivate) {
    Object.assign(this, { driver, suite, name, isPrivate });
  }
  call(call, request) {
    return this.driver.call(call, { state_id: this.state, ...request });
  }
  get who() {
    return { cipher_suite: this.suite, identity: text(this.name), encrypt_handshake: this.isPrivate };
  }
  async create(groupId) {
    this.state = (await this.driver.call('CreateGroup', { ...this.who, group_id: groupId })).state_id;
  }
  async keyPackage() {
    const made = await this.driver.call('CreateKeyPackage', this.who);
    this.transaction = made.transaction_id;
    return bytes(made.key_package);
  }
  async join(welcome, tree) {
    this.state = (await this.driver.call('JoinGroup', { ...this.who, transaction_id: this.transaction, welcome, ratchet_tree: tree })).state_id;
    this.pending = [];
  }
  async groupInfo() {
    return bytes((await this.call('GroupInfo')).group_info);
  }
  /** Are tree and GroupInfo valid?  (Made as somebody outside.) */
  static async checkGroupInfo(driver, groupInfo) {
    await driver.call('NewMemberAddProposal', { group_info: groupInfo, identity: text('somebody') });
  }
  async externalJoin(groupInfo, isResync) {
    const joined = await this.driver.call('ExternalJoin', { ...this.who, group_info: groupInfo, remove_prior: isResync });
    this.state = joined.state_id;
    this.pending = [];
    return bytes(joined.commit);
  }
  storePsk(id, secret) {
    return this.driver.call('StorePSK', { state_or_transaction_id: this.state, psk_id: id, psk_secret: secret });
  }
  async propose(description) {
    const message = bytes((await this.call(...PROPOSE[description.type](description))).proposal);
    this.pending.push(message);
    return message;
  }
  async takeProposal(message) {
    this.pending.push(message);
  }
  async commit(byValue, isTreeBeside, isPathForced) {
    const by_value = byValue.map((p) => ({ ...PROPOSE[p.type](p)[1], proposal_type: text(BY_VALUE[p.type]) }));
    const made = await this.call('Commit', { by_reference: this.pending, by_value, force_path: isPathForced, external_tree: isTreeBeside });
    return { commit: bytes(made.commit), welcome: bytes(made.welcome), tree: bytes(made.ratchet_tree) };
  }
  async merge() {
    await this.call('HandlePendingCommit');
    this.pending = [];
  }
  async takeCommit(commit) {
    await this.call('HandleCommit', { proposal: this.pending, commit });
    this.pending = [];
  }
  async protect(plaintext, aad) {
    return bytes((await this.call('Protect', { plaintext, authenticated_data: aad })).ciphertext);
  }
  async unprotect(ciphertext) {
    const got = await this.call('Unprotect', { ciphertext });
    return { plaintext: bytes(got.plaintext), aad: bytes(got.authenticated_data) };
  }
  async authenticator() {
    return bytes((await this.call('StateAuth')).state_auth_secret);
  }
  async exported() {
    return bytes((await this.call('Export', { label: 'interop', context: text('context'), key_length: 32 })).exported_secret);
  }
  /* ReInit and branch: an end gives the key package for the successor. */
  async reinitCommit(groupId, suite) {
    const proposal = bytes((await this.call('ReInitProposal', { group_id: groupId, cipher_suite: suite })).proposal);
    const { commit } = await this.call('ReInitCommit', { by_reference: [proposal] });
    this.end = await this.call('HandlePendingReInitCommit');
    return { proposal, commit: bytes(commit) };
  }
  async takeReinit({ proposal, commit }) {
    this.end = await this.call('HandleReInitCommit', { proposal: [proposal].filter(Boolean), commit });
  }
  async successorKeyPackage() {
    return bytes(this.end.key_package);
  }
  async createSuccessor(keyPackages) {
    const made = await this.driver.call('ReInitWelcome', { reinit_id: this.end.reinit_id, key_package: keyPackages });
    this.state = made.state_id;
    return { welcome: bytes(made.welcome), tree: Buffer.alloc(0) };
  }
  async joinSuccessor({ welcome, tree }) {
    this.state = (await this.driver.call('HandleReInitWelcome', { reinit_id: this.end.reinit_id, welcome, ratchet_tree: tree })).state_id;
  }
  async createBranch(groupId, keyPackages) {
    const made = await this.call('CreateBranch', { group_id: groupId, key_packages: keyPackages });
    this.state = made.state_id;
    return { welcome: bytes(made.welcome), tree: Buffer.alloc(0) };
  }
  async joinBranch({ welcome, tree }) {
    this.state = (await this.call('HandleBranch', { transaction_id: this.transaction, welcome, ratchet_tree: tree })).state_id;
  }
}

/* ------------------------------------------------------------------ theirs */

const nist = await load('@noble/curves/nist.js');
const suiteName = (id) => Object.entries(mls.ciphersuites).find(([, value]) => value === id)[0];

/*
 * RFC 9420, section 5.1.1: public keys of the NIST curves are uncompressed points.  The ts-mls release on
 * npm makes compressed signature keys.
 */
async function suiteOf(id) {
  const suite = await mls.getCiphersuiteImpl(suiteName(id));
  const curve = { 2: nist.p256, 5: nist.p521, 7: nist.p384 }[id];
  if (curve === undefined) return suite;
  const keygen = async () => {
    const { signKey } = await suite.signature.keygen();
    return { signKey, publicKey: curve.getPublicKey(signKey, false) };
  };
  return { ...suite, signature: { ...suite.signature, keygen } };
}

const identityOf = (leaf) => Buffer.from(leaf.credential.identity);
const clientConfig = {
  keyRetentionConfig: mls.defaultKeyRetentionConfig,
  lifetimeConfig: mls.defaultLifetimeConfig,
  paddingConfig: mls.defaultPaddingConfig,
  // A resync looks for the old leaf by its identity.
  keyPackageEqualityConfig: {
    compareKeyPackages: (a, b) => identityOf(a.leafNode).equals(identityOf(b.leafNode)),
    compareKeyPackageToLeafNode: (a, leaf) => identityOf(a.leafNode).equals(identityOf(leaf)),
  },
};

/*
 * RFC 9420, section 12.4.3.2: the extension external_pub holds struct { HPKEPublicKey external_pub; },
 * that is a vector with its length.  The ts-mls releases on npm put the bare key there.  Its suite is
 * wrapped where that key is written and read, so that the rest of an external join can be compared.
 */
function writesExternalPub(suite) {
  const exportPublicKey = async (key) => {
    const octets = await suite.hpke.exportPublicKey(key);
    const header = octets.length < 64 ? [octets.length] : [0x40 | (octets.length >> 8), octets.length & 0xff];
    return Uint8Array.from([...header, ...octets]);
  };
  return { ...suite, hpke: { ...suite.hpke, exportPublicKey } };
}

function readsExternalPub(suite, groupInfo) {
  const { extensionData } = groupInfo.extensions.find(({ extensionType }) => extensionType === mls.defaultExtensionTypes.external_pub);
  const key = extensionData.slice(extensionData[0] < 64 ? 1 : 2);
  const importPublicKey = (octets) => suite.hpke.importPublicKey(Buffer.compare(octets, extensionData) === 0 ? key : octets);
  return { ...suite, hpke: { ...suite.hpke, importPublicKey } };
}

const decoded = (octets) => mls.decode(mls.mlsMessageDecoder, octets);
const encoded = (message) => mls.encode(mls.mlsMessageEncoder, message);
const framed = (wireformat, body) => encoded({ version: mls.protocolVersions.mls10, wireformat, ...body });

/* A join of theirs asks that all unmerged_leaves lists above a leaf be equal, where RFC 9420, section
 * 12.4.3.1 asks that they hold the leaf: with this it refuses trees that are valid. */
export const REFUSES_VALID_TREE = /must list leaf node in its unmerged_leaves/;

export class Theirs {
  // What the release on npm lacks, so that it is not asked for: Update proposals of its own; a path
  // where a commit holds one Update, Remove or GroupContextExtensions (RFC 9420, section 12.4; live.mjs
  // tests that such a commit is refused); its own resumption keys in its own commits.
  canUpdate = false;
  canCommit = (type) => type === 'add' || type === 'psk';
  psks = {};

  static async make(suite, name, isPrivate) {
    const made = new Theirs();
    const cipherSuite = await suiteOf(suite);
    return Object.assign(made, { suite, name, isPrivate, cipherSuite });
  }
  get context() {
    return { cipherSuite: this.cipherSuite, authService: mls.unsafeTestingAuthenticationService, externalPsks: this.psks, clientConfig };
  }
  async newKey(cipherSuite = this.cipherSuite) {
    const credential = { credentialType: mls.defaultCredentialTypes.basic, identity: text(this.name) };
    this.key = await mls.generateKeyPackage({ credential, cipherSuite });
    return this.key;
  }
  async create(groupId) {
    const { publicPackage: keyPackage, privatePackage: privateKeyPackage } = await this.newKey();
    this.state = await mls.createGroup({ context: this.context, groupId, keyPackage, privateKeyPackage });
  }
  async keyPackage() {
    const { publicPackage: keyPackage } = await this.newKey();
    return framed(mls.wireformats.mls_key_package, { keyPackage });
  }
  get joining() {
    return { keyPackage: this.key.publicPackage };
  }
  tree(octets) {
    return octets.length === 0 ? undefined : mls.decode(ratchetTreeDecoder, octets);
  }
  async join(welcome, tree) {
    this.state = await mls.joinGroup({ context: this.context, welcome: decoded(welcome).welcome, ...this.joining, privateKeys: this.key.privatePackage, ratchetTree: this.tree(tree) });
  }
  async groupInfo() {
    const groupInfo = await mls.createGroupInfoWithExternalPubAndRatchetTree(this.state, [], writesExternalPub(this.cipherSuite));
    return framed(mls.wireformats.mls_group_info, { groupInfo });
  }
  async externalJoin(octets, resync) {
    await this.newKey();
    const { groupInfo } = decoded(octets);
    const context = { ...this.context, cipherSuite: readsExternalPub(this.cipherSuite, groupInfo) };
    const { publicMessage, newState } = await mls.joinGroupExternal({ context, groupInfo, ...this.joining, privateKeys: this.key.privatePackage, resync });
    this.state = newState;
    return framed(mls.wireformats.mls_public_message, { publicMessage });
  }
  async storePsk(id, secret) {
    this.psks[Buffer.from(id).toString('base64')] = secret;
  }
  describe(p) {
    const types = mls.defaultProposalTypes;
    switch (p.type) {
      case 'add':
        return { proposalType: types.add, add: { keyPackage: decoded(p.keyPackage).keyPackage } };
      case 'remove':
        return { proposalType: types.remove, remove: { removed: this.leafOf(p.identity) } };
      case 'psk':
        return { proposalType: types.psk, psk: { preSharedKeyId: { psktype: 1, pskId: p.id, pskNonce: this.nonce() } } };
      case 'resumption':
        return {
          proposalType: types.psk,
          psk: { preSharedKeyId: { psktype: 2, usage: 1, pskGroupId: this.state.groupContext.groupId, pskEpoch: p.epoch, pskNonce: this.nonce() } },
        };
      default:
        return {
          proposalType: types.group_context_extensions,
          groupContextExtensions: { extensions: [{ extensionType: 3, extensionData: { extensionTypes: [], proposalTypes: [], credentialTypes: [] } }] },
        };
    }
  }
  nonce() {
    return this.cipherSuite.rng.randomBytes(this.cipherSuite.kdf.size);
  }
  leafOf(name) {
    const node = this.state.ratchetTree.findIndex((n, i) => i % 2 === 0 && n && identityOf(n.leaf).equals(text(name)));
    if (node < 0) throw new Error(`no member ${name}`);
    return node / 2;
  }
  async propose(description) {
    const made = await mls.createProposal({ context: this.context, state: this.state, wireAsPublicMessage: !this.isPrivate, proposal: this.describe(description) });
    this.state = made.newState;
    return encoded(made.message);
  }
  async take(message, kind) {
    const { privateMessage, publicMessage } = decoded(message);
    const where = { context: this.context, state: this.state };
    // Not processMessage: on a PrivateMessage it forgets the external keys.
    const result = privateMessage
      ? await mls.processPrivateMessage({ ...where, privateMessage })
      : { kind: 'newState', ...(await mls.processPublicMessage({ ...where, publicMessage })) };
    if (result.kind !== kind) throw new Error(`${result.kind} instead of ${kind}`);
    this.state = result.newState;
    return result;
  }
  async takeProposal(message) {
    await this.take(message, 'newState');
  }
  async commit(byValue, isTreeBeside) {
    const made = await mls.createCommit({ context: this.context, state: this.state, extraProposals: byValue.map((p) => this.describe(p)), ratchetTreeExtension: !isTreeBeside, wireAsPublicMessage: !this.isPrivate });
    this.next = made.newState;
    return {
      commit: encoded(made.commit),
      welcome: made.welcome ? encoded(made.welcome) : Buffer.alloc(0),
      tree: isTreeBeside ? mls.encode(ratchetTreeEncoder, made.newState.ratchetTree) : Buffer.alloc(0),
    };
  }
  async merge() {
    this.state = this.next;
  }
  async takeCommit(commit) {
    await this.take(commit, 'newState');
  }
  async protect(message, authenticatedData) {
    const made = await mls.createApplicationMessage({ context: this.context, state: this.state, message, authenticatedData });
    this.state = made.newState;
    return encoded(made.message);
  }
  async unprotect(ciphertext) {
    const { message: plaintext, aad } = await this.take(ciphertext, 'applicationMessage');
    return { plaintext, aad };
  }
  async authenticator() {
    return this.state.keySchedule.epochAuthenticator;
  }
  async exported() {
    return mls.mlsExporter(this.state.keySchedule.exporterSecret, 'interop', text('context'), 32, this.cipherSuite);
  }
  async reinitCommit(groupId, suite) {
    const made = await mls.reinitGroup({ context: this.context, state: this.state, groupId, version: 'mls10', cipherSuite: suiteName(suite), extensions: [] });
    this.state = made.newState;
    return { proposal: undefined, commit: encoded(made.commit) };
  }
  async takeReinit({ proposal, commit }) {
    if (proposal) await this.takeProposal(proposal);
    await this.takeCommit(commit);
  }
  async successorKeyPackage() {
    const { reinit } = this.state.groupActiveState;
    this.cipherSuite = await suiteOf(reinit.cipherSuite);
    return this.keyPackage();
  }
  async createSuccessor(keyPackages) {
    const { reinit } = this.state.groupActiveState;
    await this.successorKeyPackage();
    const made = await mls.reinitCreateNewGroup({
      context: this.context, state: this.state, keyPackage: this.key.publicPackage, privateKeyPackage: this.key.privatePackage,
      memberKeyPackages: keyPackages.map((octets) => decoded(octets).keyPackage), groupId: reinit.groupId, cipherSuite: suiteName(reinit.cipherSuite), extensions: reinit.extensions,
    });
    this.state = made.newState;
    return { welcome: encoded(made.welcome), tree: mls.encode(ratchetTreeEncoder, made.newState.ratchetTree) };
  }
  async joinSuccessor({ welcome, tree }) {
    this.state = await mls.joinGroupFromReinit({ context: this.context, suspendedState: this.state, welcome: decoded(welcome).welcome, ...this.joining, privateKeyPackage: this.key.privatePackage, ratchetTree: this.tree(tree) });
  }
  async createBranch(newGroupId, keyPackages) {
    await this.newKey();
    const made = await mls.branchGroup({
      context: this.context, state: this.state, keyPackage: this.key.publicPackage, privateKeyPackage: this.key.privatePackage,
      memberKeyPackages: keyPackages.map((octets) => decoded(octets).keyPackage), newGroupId,
    });
    this.state = made.newState;
    return { welcome: encoded(made.welcome), tree: mls.encode(ratchetTreeEncoder, made.newState.ratchetTree) };
  }
  async joinBranch({ welcome, tree }) {
    this.state = await mls.joinGroupFromBranch({ context: this.context, oldState: this.state, welcome: decoded(welcome).welcome, ...this.joining, privateKeyPackage: this.key.privatePackage, ratchetTree: this.tree(tree) });
  }
}
