// placeholder of the public surface; see the brief
export {}
