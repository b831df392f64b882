// The imports of module "timbre_crypto" (src/crypto/backend_wasm.c), made of the noble libraries
// that tools/setup pinned.  Numbers of algorithms and of results are those of src/crypto/.
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../build/tools/package.json', import.meta.url));
const { sha256, sha384, sha512 } = require('@noble/hashes/sha2.js');
const { hmac } = require('@noble/hashes/hmac.js');
const { gcm } = require('@noble/ciphers/aes.js');
const { chacha20poly1305 } = require('@noble/ciphers/chacha.js');
const { ed25519, x25519 } = require('@noble/curves/ed25519.js');
const { ed448, x448 } = require('@noble/curves/ed448.js');
const { p256, p384, p521 } = require('@noble/curves/nist.js');

const OK = 0, UNSUPPORTED = 201, KEY = 202, SIGNATURE = 203, DECRYPT = 204;
const NONCE_LEN = 12, TAG_LEN = 16;

const HASHES = { 1: sha256, 2: sha384, 3: sha512 };
const AEADS = { 1: gcm, 2: gcm, 3: chacha20poly1305 };

const montgomery = (curve) => ({
  publicKey: (secret) => curve.getPublicKey(secret),
  shared: (secret, point) => curve.getSharedSecret(secret, point), // throws for a zero result
});
const weierstrass = (curve) => ({
  publicKey: (secret) => curve.getPublicKey(secret, false),
  shared: (secret, point) => {
    if (point[0] !== 4) throw new Error('only uncompressed points');
    return curve.getSharedSecret(secret, point, false).slice(1, 1 + secret.length);
  },
});
const KEMS = {
  0x10: weierstrass(p256), 0x11: weierstrass(p384), 0x12: weierstrass(p521),
  0x20: montgomery(x25519), 0x21: montgomery(x448),
};

const edwards = (curve, strict) => ({
  publicKey: (secret) => curve.getPublicKey(secret),
  sign: (secret, message) => curve.sign(message, secret),
  verify: (key, message, signature) => curve.verify(signature, message, key, strict),
});
// The library hashes with the hash of the curve: SHA-256, SHA-384, SHA-512, as the suites ask.
const ecdsa = (curve) => ({
  publicKey: (secret) => curve.getPublicKey(secret, false),
  sign: (secret, message) => curve.sign(message, secret, { format: 'der', lowS: false }),
  verify: (key, message, signature) =>
    curve.verify(signature, message, key, { format: 'der', lowS: false }),
});
const SIGNATURES = {
  1: edwards(ed25519, { zip215: false }), 2: ecdsa(p256), 3: edwards(ed448, { zip215: false }),
  4: ecdsa(p521), 5: ecdsa(p384),
};

/** The imports; `memory()` gives the module's memory once it is instantiated. */
export function nobleImports(memory, suites = [1, 2, 3, 4, 5, 6, 7]) {
  // Always a copy: a library may keep what it is given, and memory may grow.
  const read = (at, len) => new Uint8Array(memory().buffer, at, len).slice();
  const write = (at, octets) => new Uint8Array(memory().buffer, at, octets.length).set(octets);
  const words = (at, count) => new Uint32Array(memory().buffer, at, count);
  const parts = (at, count) => {
    const views = words(at, 2 * count);
    return Array.from({ length: count }, (_, i) => read(views[2 * i], views[2 * i + 1]));
  };
  const attempt = (refusal, work) => {
    try {
      return work();
    } catch {
      return refusal;
    }
  };

  return {
    hash(alg, at, count, out) {
      const state = HASHES[alg].create();
      for (const part of parts(at, count)) state.update(part);
      write(out, state.digest());
      return OK;
    },
    hmac(alg, key, keyLen, at, count, out) {
      const state = hmac.create(HASHES[alg], read(key, keyLen));
      for (const part of parts(at, count)) state.update(part);
      write(out, state.digest());
      return OK;
    },
    aead_seal(alg, key, keyLen, nonce, aad, aadLen, plain, plainLen, out) {
      const cipher = AEADS[alg](read(key, keyLen), read(nonce, NONCE_LEN), read(aad, aadLen));
      write(out, cipher.encrypt(read(plain, plainLen)));
      return OK;
    },
    aead_open(alg, key, keyLen, nonce, aad, aadLen, sealed, sealedLen, out) {
      if (sealedLen < TAG_LEN) return DECRYPT;
      return attempt(DECRYPT, () => {
        const cipher = AEADS[alg](read(key, keyLen), read(nonce, NONCE_LEN), read(aad, aadLen));
        write(out, cipher.decrypt(read(sealed, sealedLen)));
        return OK;
      });
    },
    dh_public(kem, secret, secretLen, out) {
      return attempt(KEY, () => {
        write(out, KEMS[kem].publicKey(read(secret, secretLen)));
        return OK;
      });
    },
    dh(kem, secret, secretLen, point, pointLen, out) {
      return attempt(KEY, () => {
        write(out, KEMS[kem].shared(read(secret, secretLen), read(point, pointLen)));
        return OK;
      });
    },
    sign_public(alg, secret, secretLen, out) {
      return attempt(KEY, () => {
        write(out, SIGNATURES[alg].publicKey(read(secret, secretLen)));
        return OK;
      });
    },
    sign(alg, secret, secretLen, message, messageLen, out, outLen) {
      return attempt(KEY, () => {
        const signature = SIGNATURES[alg].sign(read(secret, secretLen), read(message, messageLen));
        write(out, signature);
        words(outLen, 1)[0] = signature.length;
        return OK;
      });
    },
    verify(alg, key, keyLen, message, messageLen, signature, signatureLen) {
      if (!SIGNATURES[alg]) return UNSUPPORTED;
      return attempt(SIGNATURE, () => {
        const good = SIGNATURES[alg].verify(read(key, keyLen), read(message, messageLen),
          read(signature, signatureLen));
        return good ? OK : SIGNATURE;
      });
    },
    has: (suite) => (suites.includes(suite) ? 1 : 0),
  };
}
