// The pinned npm packages, which tools/setup puts into build/tools.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(new URL('../../build/tools/package.json', import.meta.url));

export const load = (name) => import(pathToFileURL(require.resolve(name)).href);

/** A module that lies beside the package's main one and is not exported. */
export const loadInner = (name, inner) => import(new URL(inner, pathToFileURL(require.resolve(name))).href);
