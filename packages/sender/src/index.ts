// The sender as other packages see it: its commands are its interface.
export {}
