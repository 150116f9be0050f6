// Stands for Prisma's client.
interface Post {
  name: string;
  by: string;
  createdAt: Date;
}
const posts: Post[] = [];
export const reads = { count: 0 };

export const db = {
  post: {
    findFirst: async ({ where }: { where: { createdBy: { id: string } } }): Promise<Post | null> => {
      reads.count++;
      return posts.findLast(({ by }) => by === where.createdBy.id) ?? null;
    },
    create: async ({ data }: { data: { name: string; createdBy: { connect: { id: string } } } }): Promise<Post> => {
      const post = { name: data.name, by: data.createdBy.connect.id, createdAt: new Date(0) };
      posts.push(post);
      return post;
    },
  },
};
