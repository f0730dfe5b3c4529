// The settings of the gateway.
import { route } from '../api/route.ts'
import { exactly, Type } from '../api/schema.ts'

export const settingRoutes = [
  route({
    method: 'GET',
    path: '/api/v1/settings',
    permission: 'settings.read',
    summary: 'Settings as they are in force, and whether flag, environment, file or default gave each.',
    response: exactly({
      data: Type.Array(
        exactly({ key: Type.String(), flag: Type.String(), value: Type.String(), origin: Type.String() }),
      ),
    }),
    handle: async (_request, { ask }) => ({ data: [...(await ask('settings'))] }),
  }),
]
