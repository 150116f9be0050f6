// Docs: docs/observability.md#diagnostics-channel
export { type ChannelMessage, type ChannelsOptions, type Published, publishEvents } from './channels.ts';
