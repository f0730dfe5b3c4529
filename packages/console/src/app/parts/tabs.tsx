// Pages that belong together, as links above each of them.
import { useLocation } from '../preact.ts'

type TabsProps = { readonly label: string; readonly pages: readonly (readonly [path: string, title: string])[] }

export function Tabs({ label, pages }: TabsProps) {
  const { path } = useLocation()
  return (
    <nav class="tabs" aria-label={label}>
      {pages.map(([to, title]) => (
        <a key={to} href={to} {...(path === to && { 'aria-current': 'page' as const })}>
          {title}
        </a>
      ))}
    </nav>
  )
}
