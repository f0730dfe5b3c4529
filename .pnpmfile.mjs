// The packages of Node's binaries name their platform as a word, where pnpm expects a list, and not their C library. Without
// both the lockfile would not say which of them belongs to which machine, and pnpm would install all of them.

export const hooks = {
  readPackage(manifest) {
    if (!/^node-(linux|win)-(x64|arm64)$/.test(manifest.name)) return manifest
    const { os, cpu } = manifest
    return { ...manifest, os: [os].flat(), cpu: [cpu].flat(), ...(manifest.os === 'linux' && { libc: ['glibc'] }) }
  },
}
