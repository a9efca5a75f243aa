-- The stored content of an outbound message names its kind; until now, every one had buttons.

update messages set content = '{"kind":"buttons",' || substr(content, 2) where direction = 'outbound';
