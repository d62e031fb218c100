// The views beside the timeline that are made for each page.

export function views() {
  return {};
}
