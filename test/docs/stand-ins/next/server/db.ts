// Stands for the database of the app, which both module graphs share.
const shared = globalThis as { recipePosts?: { title: string }[]; recipeReads?: number };

export const db = {
  posts: () => {
    shared.recipeReads = (shared.recipeReads ?? 0) + 1;
    return [...(shared.recipePosts ??= [{ title: 'Hello' }])];
  },
  addPost: (title: string): void => void (shared.recipePosts ??= []).push({ title }),
};
