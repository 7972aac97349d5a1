import { create, createFileRegistry } from '@bufbuild/protobuf';
import { FieldDescriptorProto_Label, FieldDescriptorProto_Type, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';

/** `Greeter.Greet(Message) returns (Message)`, and `Count`, which streams. */
function greeterSchema() {
  const message = { name: 'Message', field: [{ name: 'text', number: 1, type: FieldDescriptorProto_Type.STRING, label: FieldDescriptorProto_Label.OPTIONAL, jsonName: 'text' }] };
  const method = (name: string, serverStreaming: boolean) => ({ name, inputType: '.test.Message', outputType: '.test.Message', serverStreaming });
  const file = create(FileDescriptorProtoSchema, { name: 'greeter.proto', package: 'test', syntax: 'proto3', messageType: [message], service: [{ name: 'Greeter', method: [method('Greet', false), method('Count', true)] }] });
  return createFileRegistry(file, () => undefined).getService('test.Greeter')!;
}

/** The service. */
export const GREETER = greeterSchema();

/** What it is asked and answers. */
export interface Message {
  readonly text: string;
}
/** A client of it. */
export interface GreeterClient {
  greet(message: Partial<Message>, options?: { headers: Record<string, string> }): Promise<Message>;
  count(message: Partial<Message>): AsyncIterable<Message>;
}

/** Its HTTP listener, for every protocol of Connect. */
export const connectService = (version: string) =>
  connectNodeAdapter({
    routes: (router) =>
      router.service(GREETER, {
        greet: ({ text }: Message) => {
          if (text === 'fail') throw new ConnectError('as asked', Code.FailedPrecondition);
          return { text: `${version} greets ${text}` };
        },
        async *count({ text }: Message) {
          for (let i = 1; i <= Number(text); i++) yield { text: `${version} ${i}` };
        },
      } as never),
  });
