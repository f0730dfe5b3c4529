// The libraries of the console, each imported here and nowhere else.
export { computed, effect, type ReadonlySignal, signal } from '@preact/signals'
export { type ComponentChildren, type ComponentType, render } from 'preact'
export { useCallback, useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
export { LocationProvider, lazy, Route, Router, useLocation } from 'preact-iso'
