// Stands for the sign-in of the app.
export const userOf = async (headers: Headers): Promise<string | null> => headers.get('x-user');
