export { KeyvDynamo } from '@keyv/dynamo';
