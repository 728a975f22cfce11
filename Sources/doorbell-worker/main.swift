import AsyncHTTPClient

print("x")
